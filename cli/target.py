"""The deployed stack that a command works on: in AWS, or the local cloud of this checkout."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.errors import CommandError
from leanpix.adapters.accounts_table import AccountsTable
from leanpix.adapters.administration import (
    AccountRecordsTable,
    ApiGatewayKeys,
    KeyRecordsTable,
)
from leanpix.adapters.callbacks_table import CallbacksTable
from leanpix.adapters.clock import SystemClock
from leanpix.adapters.dead_letters import DeadLetters
from leanpix.adapters.jobs_table import JobsTable
from leanpix.contract import PLANS, OutputName, stack_name, usage_plan_output
from leanpix.services.administration import AdministrationService
from leanpix.services.redrive import RedriveService
from local.paths import CLOUD_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Target:
    """A session with AWS and the outputs of the stack in it."""

    session: boto3.Session
    endpoint_url: str | None
    outputs: Mapping[str, str]

    def jobs(self) -> JobsTable:
        """Return the record of this stack's jobs."""
        dynamodb = self._client("dynamodb")
        return JobsTable(
            client=dynamodb,
            table=self.outputs[OutputName.JOBS_TABLE],
            accounts=AccountsTable(client=dynamodb, table=self.outputs[OutputName.ACCOUNTS_TABLE]),
        )

    def redrive(self) -> RedriveService:
        """Return the service that sends this stack's dead letters again."""
        sqs = self._client("sqs")
        return RedriveService(
            images=DeadLetters(
                client=sqs,
                dead_letter_url=self.outputs[OutputName.DEAD_LETTER_QUEUE_URL],
                url=self.outputs[OutputName.IMAGES_QUEUE_URL],
            ),
            callbacks=DeadLetters(
                client=sqs,
                dead_letter_url=self.outputs[OutputName.CALLBACKS_DEAD_LETTER_QUEUE_URL],
                url=self.outputs[OutputName.CALLBACKS_QUEUE_URL],
            ),
            records=CallbacksTable(
                client=self._client("dynamodb"), table=self.outputs[OutputName.JOBS_TABLE]
            ),
            clock=SystemClock(),
        )

    def _client(self, service: Any) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint_url)

    def administration(self) -> AdministrationService:
        """Return the service that works on this stack's accounts and keys."""
        dynamodb = self.session.client("dynamodb", endpoint_url=self.endpoint_url)
        return AdministrationService(
            accounts=AccountRecordsTable(
                client=dynamodb, table=self.outputs[OutputName.ACCOUNTS_TABLE]
            ),
            keys=KeyRecordsTable(client=dynamodb, table=self.outputs[OutputName.KEYS_TABLE]),
            gateway_keys=ApiGatewayKeys(
                client=self.session.client("apigateway", endpoint_url=self.endpoint_url),
                usage_plan_ids={plan: self.outputs[usage_plan_output(plan)] for plan in PLANS},
            ),
            clock=SystemClock(),
        )


def open_target(*, local: bool, stage: str) -> Target:
    """Return the stack to work on.

    Raises ``CommandError`` where the local cloud is not running, or AWS has no such stack.
    """
    if local:
        return _open_local()
    return _open_stack(boto3.Session(), None, stack_name(stage))


def _open_local() -> Target:
    try:
        cloud: dict[str, Any] = json.loads(CLOUD_FILE.read_text())
    except FileNotFoundError:
        message = "the local cloud is not running: start it with `make serve`"
        raise CommandError(message) from None
    # The emulator's root account; it is no secret and opens nothing else.
    session = boto3.Session("test", "test", region_name=cloud["region"])
    return _open_stack(session, cloud["endpoint_url"], cloud["stack_name"])


def _open_stack(session: boto3.Session, endpoint_url: str | None, name: str) -> Target:
    try:
        client = session.client("cloudformation", endpoint_url=endpoint_url)
        stacks = client.describe_stacks(StackName=name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        message = f"the stack {name} cannot be read: {error}"
        raise CommandError(message) from None
    outputs = stacks[0].get("Outputs", [])
    return Target(session, endpoint_url, {o["OutputKey"]: o["OutputValue"] for o in outputs})
