"""Pause, resume, empty and destroy a stage: `leanpix stage`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, Final

import typer

from leanpix.contract import PLANS, OutputName, usage_plan_output
from leanpix_cli.console import (
    DEFAULT_STAGE,
    AsJson,
    CommandError,
    Local,
    Stage,
    Yes,
    confirm,
    print_answer,
)
from leanpix_cli.stage_checks import find_sources
from leanpix_cli.target import Account, open_account

app = typer.Typer(help="Pause, resume, empty and destroy a stage.", no_args_is_help=True)

_OBJECTS_PER_CALL: Final = 1_000
_POLL_SECONDS: Final = 2.0
_DELETION_SECONDS: Final = 3_600.0


@app.command()
def pause(*, local: Local = False, as_json: AsJson = False, stage: Stage = DEFAULT_STAGE) -> None:
    """Take no more images from the queue. They wait, and lose no try; submits go on."""
    account = open_account(local=local, stage=stage)
    _switch(account, is_on=False)
    print_answer({"stack": account.stack_name, "optimizing": False}, as_json=as_json)


@app.command()
def resume(*, local: Local = False, as_json: AsJson = False, stage: Stage = DEFAULT_STAGE) -> None:
    """Take images from the queue again."""
    account = open_account(local=local, stage=stage)
    _switch(account, is_on=True)
    print_answer({"stack": account.stack_name, "optimizing": True}, as_json=as_json)


def _switch(account: Account, *, is_on: bool) -> None:
    account.open_stack()
    client = account.client("lambda")
    for source in find_sources(account):
        client.update_event_source_mapping(UUID=source["UUID"], Enabled=is_on)


@app.command()
def empty(
    *,
    yes: Yes = False,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Delete all uploads and results of a stage. Its accounts and keys stay."""
    account = open_account(local=local, stage=stage)
    bucket = account.open_stack().outputs[OutputName.BUCKET]
    confirm(f"Delete every upload and result of the stage {stage} for good?", yes=yes)
    deleted = _empty_bucket(account, bucket)
    print_answer({"stack": account.stack_name, "deleted_objects": deleted}, as_json=as_json)


@app.command()
def destroy(
    *,
    yes: Yes = False,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Delete a stage with all it holds: files, accounts, keys, the stack.

    A stage that keeps its data, such as prod, is refused.
    """
    account = open_account(local=local, stage=stage)
    stack = account.describe_stack()
    if stack is None:
        message = f"there is no stack {account.stack_name} in {account.region}"
        raise CommandError(message)
    _refuse_kept(account, stack)
    confirm(f"Delete the stage {stage} with all its accounts, keys and files?", yes=yes)
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
    # The command made these keys, so the stack knows nothing of them.
    keys = _delete_gateway_keys(account, outputs)
    bucket = outputs.get(OutputName.BUCKET) or _find_bucket(account)
    deleted = _empty_bucket(account, bucket) if bucket else 0
    _delete_stack(account)
    print_answer(
        {
            "stack": account.stack_name,
            "destroyed": True,
            "deleted_objects": deleted,
            "deleted_keys": keys,
        },
        as_json=as_json,
    )


def _refuse_kept(account: Account, stack: dict[str, Any]) -> None:
    name = account.stack_name
    if stack.get("EnableTerminationProtection"):
        message = (
            f"{name} is protected from deletion: `aws cloudformation update-termination-protection"
            f" --no-enable-termination-protection --stack-name {name}`"
        )
        raise CommandError(message)
    template = account.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    if '"RetainExceptOnCreate"' in _table_policies(template):
        message = f"{name} keeps its data: deploy it with -c keep_data=false first"
        raise CommandError(message)


def _table_policies(template: Any) -> str:
    """Return the deletion policies of a template's tables, as text."""
    if isinstance(template, str):
        template = json.loads(template)
    return json.dumps(
        [
            resource.get("DeletionPolicy")
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::DynamoDB::Table"
        ]
    )


def _delete_gateway_keys(account: Account, outputs: dict[str, str]) -> int:
    client = account.client("apigateway")
    plans = [outputs[name] for name in map(usage_plan_output, PLANS) if name in outputs]
    ids = {
        key["id"]
        for plan in plans
        for page in client.get_paginator("get_usage_plan_keys").paginate(usagePlanId=plan)
        for key in page["items"]
    }
    for key_id in ids:
        client.delete_api_key(apiKey=key_id)
    return len(ids)


def _find_bucket(account: Account) -> str | None:
    """Return the bucket of a stack that has no outputs, since it is half deleted."""
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=account.stack_name):
        for resource in page["StackResourceSummaries"]:
            is_there = resource["ResourceStatus"] != "DELETE_COMPLETE"
            if resource["ResourceType"] == "AWS::S3::Bucket" and is_there:
                return str(resource["PhysicalResourceId"])
    return None


def _empty_bucket(account: Account, bucket: str) -> int:
    s3 = account.client("s3")
    count = 0
    for keys in _list_keys(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        count += len(keys)
    return count


def _list_keys(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """Return the keys of a bucket, as many at a time as one call deletes."""
    while True:
        page = s3.list_objects_v2(Bucket=bucket, MaxKeys=_OBJECTS_PER_CALL)
        keys = [{"Key": entry["Key"]} for entry in page.get("Contents", ())]
        if not keys:
            return
        yield keys


def _delete_stack(account: Account) -> None:
    """Delete the stack and wait until it is gone.

    Raises:
        CommandError: something of it cannot be deleted.
    """
    account.client("cloudformation").delete_stack(StackName=account.stack_name)
    deadline = time.monotonic() + _DELETION_SECONDS
    while (stack := account.describe_stack()) is not None:
        if stack["StackStatus"] == "DELETE_FAILED":
            message = (
                f"{account.stack_name} is half deleted: {stack.get('StackStatusReason')}."
                " Run the command again"
            )
            raise CommandError(message)
        if time.monotonic() > deadline:
            message = f"{account.stack_name} is still being deleted"
            raise CommandError(message)
        time.sleep(_POLL_SECONDS)


def protect(account: Account, names: list[str]) -> None:
    """Turn deletion protection on for tables."""
    dynamodb = account.client("dynamodb")
    for name in names:
        dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)
