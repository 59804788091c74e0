"""Let new versions of the serving functions take over: at once, or as a canary.

A canary has a tenth of the calls for five minutes. If an alarm of its own goes off meanwhile,
CodeDeploy gives all calls back to the version before, and CloudFormation rolls the stack back.
See docs/decisions/0011-canaries.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.functions import LIVE_ALIAS
from infra.settings import Rollout, Settings
from leanpix import contract
from leanpix.contract import MetricName


class Rollouts(Construct):
    """A deployment group per serving function, where new versions take over little by little."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        live: Mapping[str, lambda_.Alias],
    ) -> None:
        """Create the groups; nothing where new versions take over at once."""
        super().__init__(scope, construct_id)
        if settings.rollout is Rollout.AT_ONCE:
            return
        self._stack_name = contract.stack_name(settings.stage)
        application = codedeploy.LambdaApplication(
            self, "Application", application_name=self._stack_name
        )
        unexpected = self._unexpected_errors(settings.stage)
        for name, alias in live.items():
            codedeploy.LambdaDeploymentGroup(
                Construct(self, "".join(word.capitalize() for word in name.split("_"))),
                "Group",
                application=application,
                deployment_group_name=name,
                alias=alias,
                deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
                alarms=[unexpected, self._errors(name)],
            )

    def _errors(self, name: str) -> cloudwatch.Alarm:
        """Return the alarm on calls that end in a crash, a time-out or a failed start.

        The function is named by text: an alarm that refers to the alias could not come before it.
        """
        function = f"{self._stack_name}-{name}"
        metric = cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name="Errors",
            dimensions_map={
                "FunctionName": function,
                "Resource": f"{function}:{LIVE_ALIAS}",
            },
            statistic="Sum",
            period=Duration.minutes(1),
        )
        return cloudwatch.Alarm(
            self,
            f"Errors{name}",
            alarm_name=f"{self._stack_name}-rollout-{name}",
            alarm_description=f"Takes a new version of {name} back: its calls crash.",
            metric=metric,
            threshold=3,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )

    def _unexpected_errors(self, stage: str) -> cloudwatch.Alarm:
        """Return the alarm on exceptions that the handlers answered with a 500."""
        return cloudwatch.Alarm(
            self,
            "Unexpected",
            alarm_name=f"{self._stack_name}-rollout",
            alarm_description="Takes new versions back: calls end in exceptions.",
            metric=cloudwatch.Metric(
                namespace=contract.metrics_namespace(stage),
                metric_name=MetricName.INTERNAL_ERRORS,
                statistic="Sum",
                period=Duration.minutes(1),
            ),
            threshold=5,
            evaluation_periods=1,
            comparison_operator=(cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD),
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
