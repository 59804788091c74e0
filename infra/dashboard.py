"""Build the dashboard of a stage, from what users notice down to what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Aws, Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms
from infra.metrics import Metrics
from infra.settings import Settings
from leanpix import contract
from leanpix.contract import MetricName

_HALF = 12
_WHOLE = 24


class Dashboard(Construct):
    """The dashboard of a stage."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        alarms: Alarms,
        queues: Mapping[str, sqs.Queue],
    ) -> None:
        """Create it."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self._metrics = Metrics(settings.stage)
        self._name = contract.stack_name(settings.stage)
        board = cloudwatch.Dashboard(self, "Board", dashboard_name=self._name)
        board.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms.all, width=_WHOLE, height=4)
        )
        board.add_widgets(*self._calls())
        board.add_widgets(*self._images())
        board.add_widgets(*self._waiting(queues))
        board.add_widgets(*self._faults())

    @property
    def url(self) -> str:
        """The address of the dashboard in the AWS console."""
        return Fn.sub(
            "https://${Region}.console.aws.amazon.com/cloudwatch/home?region=${Region}"
            f"#dashboards:name={self._name}",
            {"Region": Aws.REGION},
        )

    def _calls(self) -> list[cloudwatch.IWidget]:
        metrics = self._metrics
        return [
            _graph(
                "Calls, and % that failed",
                [metrics.api("Count"), metrics.api("4XXError")],
                right=[metrics.error_percent()],
            ),
            _graph(
                "p99 of a call in ms",
                [
                    metrics.function(name, "Duration", statistic="p99")
                    for name in ("submit", "tinyjpg_submit", "image", "authorizer")
                ],
            ),
        ]

    def _images(self) -> list[cloudwatch.IWidget]:
        return [
            self._search("Images, by format and level", MetricName.IMAGE_SECONDS, "SampleCount"),
            self._search("p90 of an image's seconds", MetricName.IMAGE_SECONDS, "p90"),
            self._search("Bytes saved", MetricName.BYTES_SAVED, "Sum"),
            self._search("Images not made smaller, by reason", MetricName.IMAGES_KEPT, "Sum"),
        ]

    def _waiting(self, queues: Mapping[str, sqs.Queue]) -> list[cloudwatch.IWidget]:
        metrics = self._metrics
        return [
            _graph(
                "Age of the oldest message in s",
                [
                    queue.metric_approximate_age_of_oldest_message(label=name)
                    for name, queue in queues.items()
                ],
            ),
            _graph(
                "At work at the same time",
                [
                    metrics.function(name, "ConcurrentExecutions", statistic="Maximum")
                    for name in ("optimizer", "result", "submit")
                ],
            ),
        ]

    def _faults(self) -> list[cloudwatch.IWidget]:
        metrics = self._metrics
        return [
            _graph(
                "What should not be",
                [
                    metrics.own(name)
                    for name in (
                        MetricName.INTERNAL_ERRORS,
                        MetricName.IMAGES_FAILED,
                        MetricName.SWEEPER_FINDS,
                        MetricName.LEDGER_ANOMALIES,
                    )
                ],
            ),
            _graph(
                "Estimated dollars an hour",
                [
                    metrics.dollars_per_hour(
                        optimizer_megabytes=self._settings.optimizer_memory_megabytes,
                        result_megabytes=self._settings.result_memory_megabytes,
                    )
                ],
            ),
        ]

    def _search(self, title: str, name: MetricName, statistic: str) -> cloudwatch.IWidget:
        """Return a graph with a line for each of a metric's dimensions, new ones included."""
        namespace = contract.metrics_namespace(self._settings.stage)
        by = "reason" if name is MetricName.IMAGES_KEPT else "format,level"
        expression = f"SEARCH('{{{namespace},{by}}} MetricName=\"{name}\"', '{statistic}', 300)"
        return _graph(
            title, [cloudwatch.MathExpression(expression=expression, using_metrics={}, label="")]
        )


def _graph(
    title: str,
    left: list[cloudwatch.IMetric] | list[cloudwatch.Metric] | list[cloudwatch.MathExpression],
    *,
    right: list[cloudwatch.MathExpression] | None = None,
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(left), right=list(right or []), width=_HALF, height=6
    )
