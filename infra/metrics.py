"""Name the metrics that alarms and the dashboard look at."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from leanpix import contract
from leanpix.contract import MetricName

# AWS Lambda and CloudWatch, list prices of us-east-1, 2026-11; docs/cost.md has them all.
_DOLLARS_PER_GIGABYTE_SECOND = 0.0000133334


SYNCHRONOUS: Final = ("authorizer", "submit", "tinyjpg_submit", "result", "image")
"""The functions behind API Gateway whose refused calls count: those that carry the load."""


class Metrics:
    """The metrics of one stage."""

    def __init__(self, stage: str) -> None:
        """Take the stage."""
        self._stage = stage
        self._stack_name = contract.stack_name(stage)

    def own(
        self,
        name: MetricName,
        *,
        statistic: str = "Sum",
        minutes: int = 5,
        **dimensions: str,
    ) -> cloudwatch.Metric:
        """Return a metric that our functions write."""
        return cloudwatch.Metric(
            namespace=contract.metrics_namespace(self._stage),
            metric_name=name,
            dimensions_map=dimensions or None,
            statistic=statistic,
            period=Duration.minutes(minutes),
            label=name,
        )

    def function(
        self, function: str, name: str, *, statistic: str = "Sum", minutes: int = 5
    ) -> cloudwatch.Metric:
        """Return what Lambda counts of a function; named by text, so that nothing waits for it."""
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=name,
            dimensions_map={"FunctionName": f"{self._stack_name}-{function}"},
            statistic=statistic,
            period=Duration.minutes(minutes),
            label=f"{function} {name}",
        )

    def api(self, name: str, *, statistic: str = "Sum", minutes: int = 5) -> cloudwatch.Metric:
        """Return what API Gateway counts of the stage."""
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": self._stack_name, "Stage": self._stage},
            statistic=statistic,
            period=Duration.minutes(minutes),
            label=name,
        )

    def error_percent(self, *, minutes: int = 5) -> cloudwatch.MathExpression:
        """Return the share of calls that ended in a 5xx for a fault of ours.

        A held poll whose time is up is none. A call that Lambda refused is none either, though API
        Gateway answers it with 500: the alarm `throttled` counts those.
        """
        refused = {
            f"refused_{name}": self.function(name, "Throttles", minutes=minutes)
            for name in SYNCHRONOUS
        }
        known = " - ".join(f"FILL({name}, 0)" for name in ("waits", *refused))
        return cloudwatch.MathExpression(
            # Lambda counts its own retries of a refused call too: never less than none.
            expression=f"IF(calls > 0, 100 * MAX([errors - {known}, 0 * calls]) / calls, 0)",
            using_metrics={
                "errors": self.api("5XXError", minutes=minutes),
                "waits": self.own(MetricName.WAITS_TIMED_OUT, minutes=minutes),
                "calls": self.api("Count", minutes=minutes),
                **refused,
            },
            label="5xx, % of calls",
            period=Duration.minutes(minutes),
        )

    def dollars_per_hour(
        self, *, optimizer_megabytes: int, result_megabytes: int
    ) -> cloudwatch.MathExpression:
        """Return about what an hour's computing costs: optimizing, and holding polls."""
        per_milliseconds = {
            "optimizer": optimizer_megabytes / 1_024 / 1_000,
            "result": result_megabytes / 1_024 / 1_000,
        }
        terms = [
            f"FILL({name}, 0) * {share * _DOLLARS_PER_GIGABYTE_SECOND:.12f}"
            for name, share in per_milliseconds.items()
        ]
        return cloudwatch.MathExpression(
            expression=" + ".join(terms),
            using_metrics={
                name: self.function(name, "Duration", minutes=60) for name in per_milliseconds
            },
            label="estimated dollars an hour",
            period=Duration.hours(1),
        )
