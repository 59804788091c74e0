"""Compose the stack of a stage from its parts."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack, Tags
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.dashboard import Dashboard
from infra.front_door import FrontDoor
from infra.functions import Functions
from infra.grants import grant_all
from infra.queues import Queues
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
        # The id is older than the class: another one would replace queues that hold messages.
        self.queues = Queues(self, "Pipeline", settings=settings)
        self.api = Api(self, "Api", settings=settings)
        self.front_door = self._make_front_door(settings)
        self._base_url = settings.base_url or self._own_url(settings)
        self.functions = Functions(
            self, "Functions", settings=settings, environment=self._environment(settings)
        )
        self._connect()
        grant_all(self.functions, storage=self.storage, queues=self.queues)
        self.alarms = Alarms(
            self,
            "Alarms",
            settings=settings,
            queues=self.queues.by_name,
            tables=self.storage.tables,
        )
        Rollouts(self, "Rollouts", settings=settings, functions=self.functions)
        self.dashboard = Dashboard(
            self,
            "Dashboard",
            settings=settings,
            alarms=self.alarms,
            queues=self.queues.by_name,
        )
        self._output()
        tags = {"application": "leanpix", "stage": settings.stage, **settings.tag_values}
        for name, value in tags.items():
            Tags.of(self).add(name, value)

    def _make_front_door(self, settings: Settings) -> FrontDoor | None:
        if not settings.front_door:
            return None
        return FrontDoor(
            self,
            "FrontDoor",
            settings=settings,
            api_host=self.api.host,
            bucket=self.storage.bucket,
        )

    def _own_url(self, settings: Settings) -> str:
        """Return the URL under which clients reach the stage, without a slash at the end."""
        if self.front_door:
            return self.front_door.url
        return f"https://{settings.domain_name}" if self.api.domain else self.api.stage_url

    def _connect(self) -> None:
        """Let routes and queues call the functions."""
        live = self.functions.live
        self.api.add_routes(
            functions={
                name: live[name] for name in sorted({route.function for route in contract.ROUTES})
            },
            authorizer=live["authorizer"],
        )
        # Consuming a queue is granted with its event source.
        self.queues.feed(
            optimizer=live["optimizer"],
            dead_letters=self.functions["dead_letters"],
            callbacks=self.functions["callbacks"],
            sweeper=self.functions["sweeper"],
        )

    def _environment(self, settings: Settings) -> dict[EnvironmentName, str]:
        """Return every value that some function needs; each gets only its own."""
        return {
            EnvironmentName.BASE_URL: self._base_url,
            EnvironmentName.SITE_URL: settings.site_url,
            EnvironmentName.JOBS_TABLE: self.storage.jobs.table_name,
            EnvironmentName.KEYS_TABLE: self.storage.keys.table_name,
            EnvironmentName.ACCOUNTS_TABLE: self.storage.accounts.table_name,
            EnvironmentName.STORE_URL: (
                f"https://{self.storage.bucket.bucket_regional_domain_name}"
            ),
            EnvironmentName.BUCKET: self.storage.bucket.bucket_name,
            EnvironmentName.IMAGES_QUEUE_URL: self.queues.images.queue_url,
            EnvironmentName.CALLBACKS_QUEUE_URL: self.queues.callbacks.queue_url,
            EnvironmentName.CALLBACKS_DEAD_LETTER_QUEUE_URL: (
                self.queues.dead_callbacks.queue_url
            ),
            EnvironmentName.STACK_NAME: contract.stack_name(settings.stage),
            EnvironmentName.INTEGRATION_TIMEOUT_SECONDS: str(settings.poll_timeout_seconds),
            EnvironmentName.RETENTION_DAYS: str(settings.retention_days),
            EnvironmentName.MIN_SAVED_PERCENT: str(settings.min_saved_percent),
        }

    def _output(self) -> None:
        """Name what the command line and the operator need to know."""
        values = {
            OutputName.BASE_URL: self._base_url,
            OutputName.REST_API_ID: self.api.rest_api.rest_api_id,
            OutputName.JOBS_TABLE: self.storage.jobs.table_name,
            OutputName.KEYS_TABLE: self.storage.keys.table_name,
            OutputName.ACCOUNTS_TABLE: self.storage.accounts.table_name,
            OutputName.BUCKET: self.storage.bucket.bucket_name,
            OutputName.IMAGES_QUEUE_URL: self.queues.images.queue_url,
            OutputName.DEAD_LETTER_QUEUE_URL: self.queues.dead_letters.queue_url,
            OutputName.CALLBACKS_QUEUE_URL: self.queues.callbacks.queue_url,
            OutputName.CALLBACKS_DEAD_LETTER_QUEUE_URL: self.queues.dead_callbacks.queue_url,
            OutputName.STAGE_URL: self.api.stage_url,
            OutputName.ALARM_TOPIC: self.alarms.topic.topic_arn,
            OutputName.DASHBOARD_URL: self.dashboard.url,
        }
        if self.front_door:
            distribution = self.front_door.distribution
            values[OutputName.DOMAIN_TARGET] = distribution.distribution_domain_name
            values[OutputName.DISTRIBUTION_ID] = distribution.distribution_id
        elif self.api.domain:
            values[OutputName.DOMAIN_TARGET] = self.api.domain.domain_name_alias_domain_name
        for name, value in values.items():
            CfnOutput(self, name.value, value=value)
        for plan, usage_plan in self.api.usage_plans.items():
            CfnOutput(self, contract.usage_plan_output(plan), value=usage_plan.usage_plan_id)
