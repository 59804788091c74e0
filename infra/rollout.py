"""Let new versions of the serving functions take over: at once, or as a canary.

A new version is called by a hook before it serves. Then it has a tenth of the calls for five
minutes. If the hook fails, or an alarm of the version goes off meanwhile, CodeDeploy gives all
calls back to the version before, and CloudFormation rolls the stack back.
See docs/decisions/0011-canaries.md.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import Aws, Duration, IgnoreMode
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.functions import LIVE_ALIAS, SERVING, Functions
from infra.layers import IGNORED
from infra.setting_fields import Rollout
from infra.settings import Settings
from infra.storage import removal_policy
from leanpix import contract
from leanpix.contract import MetricName

_HOOK: Final = Path(__file__).resolve().parent / "rollout_hook"
_HOOK_NAME: Final = "rollout_hook"
_FAILED_CALLS: Final = 3
_HOOK_MEGABYTES: Final = 256
_MAX_TIMEOUT_SECONDS: Final = 900
"""The longest that Lambda lets a call take."""


class Rollouts(Construct):
    """A deployment group per serving function, where new versions take over little by little."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, functions: Functions
    ) -> None:
        """Create the groups; nothing where new versions take over at once."""
        super().__init__(scope, construct_id)
        if settings.rollout is Rollout.AT_ONCE:
            return
        self._settings = settings
        self._stack_name = contract.stack_name(settings.stage)
        application = codedeploy.LambdaApplication(
            self, "Application", application_name=self._stack_name
        )
        hook = self._hook()
        for name, alias in functions.live.items():
            version = functions[name].current_version.version
            group = codedeploy.LambdaDeploymentGroup(
                Construct(self, "".join(word.capitalize() for word in name.split("_"))),
                "Group",
                application=application,
                deployment_group_name=name,
                alias=alias,
                deployment_config=codedeploy.LambdaDeploymentConfig.CANARY_10_PERCENT_5_MINUTES,
                alarms=[self._alarm(name, version)],
            )
            group.add_pre_hook(hook)

    def _hook(self) -> lambda_.Function:
        """Return the function that tries a new version before it serves."""
        scope = Construct(self, "Hook")
        log_group = logs.LogGroup(
            scope,
            "Logs",
            retention=logs.RetentionDays[self._settings.log_retention_days.name],
            removal_policy=removal_policy(self._settings),
        )
        role = self._hook_role(scope)
        log_group.grant_write(role)
        return lambda_.Function(
            scope,
            "Function",
            function_name=f"{self._stack_name}-{_HOOK_NAME}",
            description="Tries a new version before it serves",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            code=lambda_.Code.from_asset(
                str(_HOOK), exclude=list(IGNORED), ignore_mode=IgnoreMode.GIT
            ),
            handler="handler.handler",
            role=role,
            log_group=log_group,
            memory_size=_HOOK_MEGABYTES,
            tracing=(
                lambda_.Tracing.ACTIVE if self._settings.tracing else lambda_.Tracing.DISABLED
            ),
            timeout=Duration.seconds(
                min(_MAX_TIMEOUT_SECONDS, self._settings.optimizer_timeout_seconds + 30)
            ),
        )

    def _hook_role(self, scope: Construct) -> iam.Role:
        role = iam.Role(
            scope,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Leanpix {self._settings.stage}: what the rollout hook may do",
        )
        here = f"{Aws.REGION}:{Aws.ACCOUNT_ID}"
        functions = f"arn:{Aws.PARTITION}:lambda:{here}:function:{self._stack_name}-"
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[f"{functions}{name}:*" for name in SERVING],
            )
        )
        groups = f"arn:{Aws.PARTITION}:codedeploy:{here}:deploymentgroup:{self._stack_name}/*"
        role.add_to_policy(
            iam.PolicyStatement(actions=["codedeploy:GetDeployment"], resources=[groups])
        )
        return role

    def _alarm(self, name: str, version: str) -> cloudwatch.Alarm:
        """Return the alarm on the new version's crashes, and on exceptions answered with a 500.

        The function is named by text: an alarm that refers to the alias could not come before it.
        `ExecutedVersion` is there where an alias divides calls between two versions ("Types of
        metrics for Lambda functions").
        """
        function = f"{self._stack_name}-{name}"
        minute = Duration.minutes(1)
        crashes = _crashes(function, version, period=minute)
        exceptions = cloudwatch.Metric(
            namespace=contract.metrics_namespace(self._settings.stage),
            metric_name=MetricName.INTERNAL_ERRORS,
            dimensions_map={"service": name, "version": version},
            statistic="Sum",
            period=minute,
        )
        return cloudwatch.Alarm(
            self,
            f"Errors{name}",
            alarm_name=f"{self._stack_name}-rollout-{name}",
            alarm_description=f"Takes a new version of {name} back: its calls fail.",
            metric=cloudwatch.MathExpression(
                expression="FILL(crashes, 0) + FILL(exceptions, 0)",
                using_metrics={"crashes": crashes, "exceptions": exceptions},
                period=minute,
                label="calls of the new version that failed",
            ),
            threshold=_FAILED_CALLS,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def _crashes(function: str, version: str, *, period: Duration) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name="Errors",
        dimensions_map={
            "FunctionName": function,
            "Resource": f"{function}:{LIVE_ALIAS}",
            "ExecutedVersion": version,
        },
        statistic="Sum",
        period=period,
    )
