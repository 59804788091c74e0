"""Define an alarm for each failure that does not heal by itself, and whom it tells.

An alarm is a row of `alarm_rows`. Each has an entry of its name in docs/operations.md, to which
its description leads; a test holds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Aws, Duration
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.metrics import Metrics
from infra.settings import Settings
from leanpix import contract
from leanpix.contract import MetricName

RUNBOOK: Final = "docs/operations.md"
_THROTTLED: Final = (
    *("authorizer", "submit", "tinyjpg_submit", "result"),
    *("tinify_shrink", "tinify_output", "optimizer"),
)
_WORKERS: Final = ("optimizer", "dead_letters", "callbacks", "sweeper")
_SUBMIT_SLOW_MILLISECONDS: Final = 3_000
_FEW_CALLS: Final = 20
"""The fewest calls of which a share says something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    """One alarm: at least `threshold` in each of `periods` periods of the metric."""

    name: str
    what: str
    metric: cloudwatch.IMetric
    threshold: float
    periods: int = 1
    is_below: bool = False
    """An alarm below the threshold, and where nothing is measured."""


class Alarms(Construct):
    """The alarms of a stage, and the topic that they speak to."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        queues: Mapping[str, sqs.Queue],
        tables: Mapping[str, dynamodb.Table],
    ) -> None:
        """Create them."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self.topic = self._topic()
        action = actions.SnsAction(self.topic)
        self.all: list[cloudwatch.Alarm] = []
        for row in alarm_rows(settings, queues=queues, tables=tables):
            alarm = self._alarm(row)
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)
            self.all.append(alarm)
        if settings.monthly_budget_dollars:
            self._budget()

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Topic",
            topic_name=f"{contract.stack_name(self._settings.stage)}-alarms",
            enforce_ssl=True,
        )
        # "Set up Amazon SNS notifications", CloudWatch guide: who may publish to the topic.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        if self._settings.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._settings.alarm_email))
        return topic

    def _alarm(self, row: AlarmRow) -> cloudwatch.Alarm:
        operator = cloudwatch.ComparisonOperator
        missing = cloudwatch.TreatMissingData
        return cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in row.name.split("-")),
            alarm_name=f"{contract.stack_name(self._settings.stage)}-{row.name}",
            alarm_description=f"{row.what} What to do: {RUNBOOK}#{row.name}",
            metric=row.metric,
            threshold=row.threshold,
            evaluation_periods=row.periods,
            comparison_operator=(
                operator.LESS_THAN_THRESHOLD
                if row.is_below
                else operator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
            ),
            treat_missing_data=missing.BREACHING if row.is_below else missing.NOT_BREACHING,
        )

    def _budget(self) -> None:
        """Watch the account's bill, which is hours late but complete."""
        subscriber = budgets.CfnBudget.SubscriberProperty(
            subscription_type="EMAIL", address=self._settings.alarm_email
        )
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{contract.stack_name(self._settings.stage)}-month",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=self._settings.monthly_budget_dollars, unit="USD"
                ),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
            ],
        )


def alarm_rows(
    settings: Settings,
    *,
    queues: Mapping[str, sqs.Queue],
    tables: Mapping[str, dynamodb.Table],
) -> Iterator[AlarmRow]:
    """Return every alarm of a stage."""
    metrics = Metrics(settings.stage)
    yield from _queue_rows(settings, queues)
    yield from _call_rows(metrics)
    yield from _duration_rows(settings, metrics)
    yield from _work_rows(metrics)
    yield AlarmRow(
        name="tables-throttled",
        what="DynamoDB refuses reads or writes for want of capacity.",
        metric=cloudwatch.MathExpression(
            expression=" + ".join(
                f"FILL({name}_{kind}, 0)" for name in tables for kind in ("read", "write")
            ),
            using_metrics={
                f"{name}_{kind}": table.metric(
                    f"{kind.capitalize()}ThrottleEvents", statistic="Sum"
                )
                for name, table in tables.items()
                for kind in ("read", "write")
            },
            period=Duration.minutes(5),
            label="throttled reads and writes",
        ),
        threshold=10,
    )
    yield AlarmRow(
        name="spend",
        what="An hour's computing cost more than the setting alarm_dollars_per_hour.",
        metric=metrics.dollars_per_hour(
            optimizer_megabytes=settings.optimizer_memory_megabytes,
            result_megabytes=settings.result_memory_megabytes,
        ),
        threshold=settings.alarm_dollars_per_hour,
    )


def _queue_rows(settings: Settings, queues: Mapping[str, sqs.Queue]) -> Iterator[AlarmRow]:
    minute = Duration.minutes(1)
    yield AlarmRow(
        name="dead-letters",
        what="Images that no try could optimize wait for their refund.",
        metric=queues["dead_letters"].metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=minute
        ),
        threshold=1,
    )
    yield AlarmRow(
        name="dead-callbacks",
        what="Callbacks were given up on after every try.",
        metric=queues["dead_callbacks"].metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=Duration.minutes(5)
        ),
        threshold=1,
    )
    yield AlarmRow(
        name="images-waiting",
        what="The oldest image has waited for too long.",
        metric=queues["images"].metric_approximate_age_of_oldest_message(
            statistic="Maximum", period=minute
        ),
        threshold=settings.alarm_queue_age_seconds,
        periods=3,
    )
    yield AlarmRow(
        name="callbacks-waiting",
        what="The oldest callback has waited for an hour.",
        metric=queues["callbacks"].metric_approximate_age_of_oldest_message(
            statistic="Maximum", period=minute
        ),
        threshold=3_600,
        periods=3,
    )


def _call_rows(metrics: Metrics) -> Iterator[AlarmRow]:
    yield AlarmRow(
        name="errors",
        what="At least 1 % of the calls end in a server error.",
        metric=cloudwatch.MathExpression(
            expression=f"IF(total >= {_FEW_CALLS}, percent, 0)",
            using_metrics={"percent": metrics.error_percent(), "total": metrics.api("Count")},
            period=Duration.minutes(5),
            label="5xx, % of calls",
        ),
        threshold=1,
        periods=2,
    )
    yield AlarmRow(
        name="unexpected",
        what="Requests or messages end in exceptions that nobody expected.",
        metric=metrics.own(MetricName.INTERNAL_ERRORS),
        threshold=5,
    )


def _duration_rows(settings: Settings, metrics: Metrics) -> Iterator[AlarmRow]:
    yield AlarmRow(
        name="submit-slow",
        what="One submit in a hundred takes three seconds and more.",
        metric=metrics.function("submit", "Duration", statistic="p99"),
        threshold=_SUBMIT_SLOW_MILLISECONDS,
        periods=3,
    )
    yield AlarmRow(
        name="optimizer-slow",
        what="One image in a hundred takes nearly all the time that it may.",
        metric=metrics.function("optimizer", "Duration", statistic="p99"),
        threshold=0.8 * 1_000 * settings.optimizer_timeout_seconds,
        periods=3,
    )
    yield AlarmRow(
        name="throttled",
        what="Lambda refuses calls: a concurrency limit is reached.",
        metric=cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in _THROTTLED),
            using_metrics={name: metrics.function(name, "Throttles") for name in _THROTTLED},
            period=Duration.minutes(5),
            label="throttled calls",
        ),
        threshold=10,
    )


def _work_rows(metrics: Metrics) -> Iterator[AlarmRow]:
    yield AlarmRow(
        name="images-failing",
        what="Images end as failed, and refunded, for a fault of ours.",
        metric=metrics.own(MetricName.IMAGES_FAILED, minutes=15),
        threshold=3,
    )
    yield AlarmRow(
        name="workers-crashing",
        what="Functions behind the queues crash, run out of memory or of time.",
        metric=cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in _WORKERS),
            using_metrics={
                name: metrics.function(name, "Errors", minutes=15) for name in _WORKERS
            },
            period=Duration.minutes(15),
            label="crashes",
        ),
        threshold=3,
    )
    yield from _sweeper_rows(metrics)


def _sweeper_rows(metrics: Metrics) -> Iterator[AlarmRow]:
    yield AlarmRow(
        name="sweeper-finds",
        what="The sweeper had to heal more than single records.",
        metric=metrics.own(MetricName.SWEEPER_FINDS, minutes=15),
        threshold=10,
    )
    yield AlarmRow(
        name="sweeper-stopped",
        what="The sweeper has not run for 15 minutes.",
        metric=metrics.function("sweeper", "Invocations", minutes=15),
        threshold=1,
        is_below=True,
    )
    yield AlarmRow(
        name="ledger-anomaly",
        what="Tokens and images may not agree.",
        metric=metrics.own(MetricName.LEDGER_ANOMALIES),
        threshold=1,
    )
    yield AlarmRow(
        name="unreadable-records",
        what="The sweeper found records that it could not read, and put them off.",
        metric=metrics.own(MetricName.UNREADABLE_RECORDS),
        threshold=1,
    )
