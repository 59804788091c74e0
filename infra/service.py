"""The stack: what Leanpix consists of, and who may do what."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.dashboard import Dashboard
from infra.functions import Functions
from infra.pipeline import Pipeline
from infra.rollout import Rollouts
from infra.settings import Settings
from infra.storage import Storage
from leanpix import contract
from leanpix.contract import EnvironmentName, OutputName


class LeanpixStack(Stack):
    """One stage of Leanpix."""

    def __init__(self, scope: Construct, *, settings: Settings) -> None:
        """Compose the parts and grant each function what it does."""
        super().__init__(
            scope,
            contract.stack_name(settings.stage),
            description="Leanpix image optimization API",
            termination_protection=settings.keep_data,
        )
        self.storage = Storage(self, "Storage", settings=settings)
        self.pipeline = Pipeline(self, "Pipeline", settings=settings)
        self.api = Api(self, "Api", settings=settings)
        self.functions = Functions(
            self, "Functions", settings=settings, environment=self._environment(settings)
        )
        self.api.add_routes(
            functions={
                name: self.functions.live[name]
                for name in sorted({route.function for route in contract.ROUTES})
            },
            authorizer=self.functions.live["authorizer"],
        )
        # Consuming a queue is granted with its event source.
        self.pipeline.feed(
            optimizer=self.functions.live["optimizer"],
            dead_letters=self.functions["dead_letters"],
            callbacks=self.functions["callbacks"],
            sweeper=self.functions["sweeper"],
        )
        self._grant()
        self.alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            queues=self.pipeline.queues,
            tables=self.storage.tables,
        )
        Rollouts(self, "Rollouts", settings=settings, live=self.functions.live)
        self.dashboard = Dashboard(
            self, "Dashboard", settings=settings, alarms=self.alarms, queues=self.pipeline.queues
        )
        self._output()
        for name, value in {
            "application": "leanpix",
            "stage": settings.stage,
            **settings.tag_values,
        }.items():
            Tags.of(self).add(name, value)

    def _environment(self, settings: Settings) -> dict[EnvironmentName, str]:
        """Return every value that some function needs; each gets only its own."""
        return {
            EnvironmentName.BASE_URL: self.api.base_url,
            EnvironmentName.SITE_URL: settings.site_url,
            EnvironmentName.JOBS_TABLE: self.storage.jobs.table_name,
            EnvironmentName.KEYS_TABLE: self.storage.keys.table_name,
            EnvironmentName.ACCOUNTS_TABLE: self.storage.accounts.table_name,
            EnvironmentName.BUCKET: self.storage.bucket.bucket_name,
            EnvironmentName.IMAGES_QUEUE_URL: self.pipeline.images.queue_url,
            EnvironmentName.CALLBACKS_QUEUE_URL: self.pipeline.callbacks.queue_url,
            EnvironmentName.CALLBACKS_DEAD_LETTER_QUEUE_URL: (
                self.pipeline.dead_callbacks.queue_url
            ),
            EnvironmentName.INTEGRATION_TIMEOUT_SECONDS: str(settings.integration_timeout_seconds),
            EnvironmentName.RETENTION_DAYS: str(settings.retention_days),
            EnvironmentName.MIN_SAVED_PERCENT: str(settings.min_saved_percent),
        }

    def _grant(self) -> None:
        """Say who may do what. A transaction needs the right of each item's own action."""
        allow = self.functions.allow
        jobs = self.storage.jobs.table_arn
        keys = self.storage.keys.table_arn
        accounts = self.storage.accounts.table_arn
        uploads = self.storage.bucket.arn_for_objects(f"{contract.UPLOADS_PREFIX}*")
        results = self.storage.bucket.arn_for_objects(f"{contract.RESULTS_PREFIX}*")
        open_records = f"{jobs}/index/{contract.OPEN_RECORDS_INDEX}"
        images = self.pipeline.images.queue_arn
        callbacks = self.pipeline.callbacks.queue_arn

        allow("authorizer", ["dynamodb:GetItem"], keys)

        # A client's idempotency key is looked up, and the job that it led to.
        allow("submit", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], jobs)
        # An account with unlimited tokens is checked, every other is charged.
        allow(
            "submit",
            ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            accounts,
        )
        # Direct uploads are looked up when they are named.
        allow("submit", ["s3:GetObject", "s3:PutObject"], uploads)
        allow("submit", ["sqs:SendMessage"], images)

        allow("tinyjpg_submit", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], jobs)
        allow(
            "tinyjpg_submit",
            ["dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:UpdateItem"],
            accounts,
        )
        allow("tinyjpg_submit", ["s3:PutObject"], uploads)
        allow("tinyjpg_submit", ["sqs:SendMessage"], images)

        # Who signs a direct upload needs the right that it lends.
        allow("uploads", ["s3:PutObject"], uploads)

        allow("result", ["dynamodb:Query"], jobs)
        allow("result", ["dynamodb:GetItem"], accounts)

        allow("tinyjpg_status", ["dynamodb:Query"], jobs)

        allow("account", ["dynamodb:GetItem"], accounts)
        allow("tinyjpg_account", ["dynamodb:GetItem", "dynamodb:Query"], accounts)

        allow("image", ["s3:GetObject"], results)
        allow("image", ["s3:GetObject"], uploads)

        # Whoever ends a job's last image reads the job to queue its callback.
        allow("optimizer", ["dynamodb:Query", "dynamodb:UpdateItem"], jobs)
        allow("optimizer", ["sqs:SendMessage"], callbacks)
        allow("optimizer", ["dynamodb:UpdateItem"], accounts)
        allow("optimizer", ["s3:GetObject"], uploads)
        allow("optimizer", ["s3:PutObject"], results)

        for name in ("dead_letters", "sweeper"):
            allow(name, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], jobs)
            allow(name, ["dynamodb:UpdateItem"], accounts)
            allow(name, ["sqs:SendMessage"], callbacks)

        allow("sweeper", ["dynamodb:Query"], open_records)
        allow("sweeper", ["sqs:GetQueueAttributes", "sqs:SendMessage"], images)
        allow("sweeper", ["s3:ListBucket"], self.storage.bucket.bucket_arn)
        allow("sweeper", ["s3:DeleteObject", "s3:GetObject"], uploads)

        allow("callbacks", ["dynamodb:Query", "dynamodb:UpdateItem"], jobs)
        allow("callbacks", ["dynamodb:GetItem"], accounts)
        allow("callbacks", ["sqs:SendMessage"], callbacks, self.pipeline.dead_callbacks.queue_arn)

    def _output(self) -> None:
        """Name what the command line and the operator need to know."""
        values = {
            OutputName.BASE_URL: self.api.base_url,
            OutputName.REST_API_ID: self.api.rest_api.rest_api_id,
            OutputName.JOBS_TABLE: self.storage.jobs.table_name,
            OutputName.KEYS_TABLE: self.storage.keys.table_name,
            OutputName.ACCOUNTS_TABLE: self.storage.accounts.table_name,
            OutputName.BUCKET: self.storage.bucket.bucket_name,
            OutputName.IMAGES_QUEUE_URL: self.pipeline.images.queue_url,
            OutputName.DEAD_LETTER_QUEUE_URL: self.pipeline.dead_letters.queue_url,
            OutputName.CALLBACKS_QUEUE_URL: self.pipeline.callbacks.queue_url,
            OutputName.CALLBACKS_DEAD_LETTER_QUEUE_URL: self.pipeline.dead_callbacks.queue_url,
            OutputName.STAGE_URL: self.api.stage_url,
            OutputName.ALARM_TOPIC: self.alarms.topic.topic_arn,
            OutputName.DASHBOARD_URL: self.dashboard.url,
        }
        if self.api.domain:
            values[OutputName.DOMAIN_TARGET] = self.api.domain.domain_name_alias_domain_name
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)
        for plan, usage_plan in self.api.usage_plans.items():
            CfnOutput(self, contract.usage_plan_output(plan), value=usage_plan.usage_plan_id)
