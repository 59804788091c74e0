"""Find the stack that a command works on: in AWS, or the local cloud of this checkout."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from leanpix.contract import stack_name
from leanpix.deployed_stack import DeployedStack
from leanpix_cli.console import CommandError
from leanpix_local.aws import REGION, Clients
from leanpix_local.paths import CLOUD_FILE


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account and Region, real or local, and the name of the stack of a stage in it."""

    client: Callable[..., Any]
    """Makes the client of a service, in the account's Region or in a second argument's."""
    region: str | None
    stack_name: str
    is_local: bool = False

    def describe_stack(self) -> dict[str, Any] | None:
        """Return what CloudFormation says of the stack, or None where there is none."""
        try:
            found = self.client("cloudformation").describe_stacks(StackName=self.stack_name)
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        stack: dict[str, Any] = found["Stacks"][0]
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    def open_stack(self) -> DeployedStack:
        """Return the stack with its outputs.

        Raises:
            CommandError: there is no such stack, or it cannot be read.
        """
        try:
            stack = self.describe_stack()
        except (BotoCoreError, ClientError) as error:
            message = f"the stack {self.stack_name} cannot be read: {error}"
            raise CommandError(message) from None
        if stack is None:
            message = f"there is no stack {self.stack_name} in {self.region}"
            raise CommandError(message)
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        return DeployedStack(self.client, outputs)


def open_account(*, local: bool, stage: str) -> Account:
    """Return the account to work on.

    Raises:
        CommandError: the local cloud is not running.
    """
    if not local:
        session = boto3.Session()
        # boto3's stubs name every service; a caller's name need be none of them.
        make_client: Any = session.client
        return Account(make_client, session.region_name, stack_name(stage))
    try:
        cloud: dict[str, Any] = json.loads(CLOUD_FILE.read_text())
    except FileNotFoundError:
        message = "the local cloud is not running: start it with `make serve`"
        raise CommandError(message) from None
    clients = Clients(cloud["endpoint_url"])
    return Account(clients.client, REGION, cloud["stack_name"], is_local=True)


def open_target(*, local: bool, stage: str) -> DeployedStack:
    """Return the stack to work on.

    Raises:
        CommandError: the local cloud is not running, or AWS has no such stack.
    """
    return open_account(local=local, stage=stage).open_stack()
