"""Find the stack that a command works on: in AWS, or the local cloud of this checkout."""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.console import CommandError
from leanpix.bootstrap import DeployedStack
from leanpix.contract import stack_name
from local.aws import Clients
from local.paths import CLOUD_FILE


def open_target(*, local: bool, stage: str) -> DeployedStack:
    """Return the stack to work on.

    Raises:
        CommandError: the local cloud is not running, or AWS has no such stack.
    """
    if local:
        return _open_local()
    return _open_stack(boto3.Session().client, stack_name(stage))


def _open_local() -> DeployedStack:
    try:
        cloud: dict[str, Any] = json.loads(CLOUD_FILE.read_text())
    except FileNotFoundError:
        message = "the local cloud is not running: start it with `make serve`"
        raise CommandError(message) from None
    return _open_stack(Clients(cloud["endpoint_url"]).client, cloud["stack_name"])


def _open_stack(client: Any, name: str) -> DeployedStack:
    try:
        stacks = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        message = f"the stack {name} cannot be read: {error}"
        raise CommandError(message) from None
    outputs = stacks[0].get("Outputs", [])
    return DeployedStack(client, {each["OutputKey"]: each["OutputValue"] for each in outputs})
