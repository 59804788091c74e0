"""Compose the services of the operator's commands over a deployed stack.

`bootstrap.py` reads a function's settings; this reads the outputs of a stack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.adapters.api_gateway import ApiGatewayKeys
from leanpix.adapters.clock import SystemClock
from leanpix.adapters.dynamodb.accounts import AccountsTable
from leanpix.adapters.dynamodb.callbacks import CallbacksTable
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.dynamodb.keys import KeysTable
from leanpix.adapters.queues import DeadLetters
from leanpix.contract import PLANS, OutputName, usage_plan_output
from leanpix.services.administration import AdministrationService
from leanpix.services.redrive import RedriveService

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as the operator's commands reach it: clients for AWS, and its outputs by name."""

    client: Callable[[str], Any]
    outputs: Mapping[str, str]

    def administration(self) -> AdministrationService:
        """Return the service that works on this stack's accounts and keys."""
        dynamodb = self.client("dynamodb")
        return AdministrationService(
            accounts=AccountsTable(client=dynamodb, table=self.outputs[OutputName.ACCOUNTS_TABLE]),
            keys=KeysTable(client=dynamodb, table=self.outputs[OutputName.KEYS_TABLE]),
            gateway_keys=ApiGatewayKeys(
                client=self.client("apigateway"),
                find_usage_plan_ids=lambda: {
                    plan: self.outputs[usage_plan_output(plan)] for plan in PLANS
                },
            ),
            clock=SystemClock(),
        )

    def redrive(self) -> RedriveService:
        """Return the service that sends this stack's dead letters again."""
        sqs = self.client("sqs")
        outputs = self.outputs
        return RedriveService(
            images=DeadLetters(
                client=sqs,
                dead_letter_url=outputs[OutputName.DEAD_LETTER_QUEUE_URL],
                url=outputs[OutputName.IMAGES_QUEUE_URL],
            ),
            callbacks=DeadLetters(
                client=sqs,
                dead_letter_url=outputs[OutputName.CALLBACKS_DEAD_LETTER_QUEUE_URL],
                url=outputs[OutputName.CALLBACKS_QUEUE_URL],
            ),
            records=CallbacksTable(
                client=self.client("dynamodb"), table=outputs[OutputName.JOBS_TABLE]
            ),
            clock=SystemClock(),
        )

    def jobs(self) -> JobsTable:
        """Return the record of this stack's jobs."""
        dynamodb = self.client("dynamodb")
        accounts = AccountsTable(client=dynamodb, table=self.outputs[OutputName.ACCOUNTS_TABLE])
        return JobsTable(
            client=dynamodb, table=self.outputs[OutputName.JOBS_TABLE], accounts=accounts
        )
