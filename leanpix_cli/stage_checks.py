"""Check a stage that is deployed; `leanpix doctor` runs it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from leanpix.contract import OPEN_RECORDS_INDEX, OPEN_SHARDS, OutputName
from leanpix_cli.checks import Check, Finding, Level, make_finding
from leanpix_cli.target import Account
from leanpix_local.http import get

RUNBOOK: Final = "docs/operations.md"
KEPT_STAGE: Final = "prod"
_WAITING_SECONDS: Final = 300
_OVERDUE_SECONDS: Final = 900


def check_answer(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Call the deployed API, and read which version answers."""
    url = account.open_stack().outputs[OutputName.BASE_URL]
    try:
        answer = get(f"{url}/status")
    except OSError as error:
        yield make_finding("api", f"{url} does not answer: {error}", level=Level.BLOCKS)
        return
    if answer.status != HTTPStatus.OK:
        yield make_finding("api", f"{url}/status answers {answer.status}", level=Level.BLOCKS)
        return
    yield make_finding("api", f"{url} runs version {answer.json()['software']['app']}")


def check_alarms(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """List the alarms that are on."""
    prefix = f"{account.stack_name}-"
    pages = account.client("cloudwatch").get_paginator("describe_alarms")
    on = [
        alarm["AlarmName"]
        for page in pages.paginate(AlarmNamePrefix=prefix, StateValue="ALARM")
        for alarm in page["MetricAlarms"]
    ]
    if not on:
        yield make_finding("alarms", "none is on")
    for name in on:
        entry = name.removeprefix(prefix)
        text = f"{name} is on"
        if entry.startswith("rollout"):
            text += ": no canary can be deployed while it is"
            entry = "roll-back"
        yield make_finding("alarms", text, level=Level.WARNING, remedy=f"{RUNBOOK}#{entry}")


def check_queues(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Count what waits, and what no try could deliver."""
    outputs = account.open_stack().outputs
    for check, url, redrive in (
        ("images", OutputName.IMAGES_QUEUE_URL, ""),
        ("dead letters", OutputName.DEAD_LETTER_QUEUE_URL, "leanpix redrive images"),
        ("callbacks", OutputName.CALLBACKS_QUEUE_URL, ""),
        (
            "dead callbacks",
            OutputName.CALLBACKS_DEAD_LETTER_QUEUE_URL,
            "leanpix redrive callbacks",
        ),
    ):
        waiting = _count_messages(account, outputs[url])
        age = _oldest_seconds(account, outputs[url]) if waiting else 0
        is_bad = (redrive and waiting) or age > _WAITING_SECONDS
        text = f"{waiting} wait" + (f", the oldest for {age:.0f} s" if age else "")
        yield make_finding(
            check,
            text,
            level=Level.WARNING if is_bad else Level.OK,
            remedy=(redrive or f"{RUNBOOK}#images-waiting") if is_bad else "",
        )


def _count_messages(account: Account, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    found = account.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(found["Attributes"][name])


def _oldest_seconds(account: Account, url: str) -> float:
    now = datetime.now(UTC)
    found = account.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": url.rsplit("/", 1)[1]}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=["Maximum"],
    )
    return max((float(point["Maximum"]) for point in found["Datapoints"]), default=0.0)


def check_open_images(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Find the open record that the sweeper should have looked at the longest time ago."""
    dynamodb = account.client("dynamodb")
    table = account.open_stack().outputs[OutputName.JOBS_TABLE]
    oldest: tuple[float, str] | None = None
    for shard in range(OPEN_SHARDS):
        items = dynamodb.query(
            TableName=table,
            IndexName=OPEN_RECORDS_INDEX,
            KeyConditionExpression="open_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": str(shard)}},
            Limit=1,
        )["Items"]
        for item in items:
            due = (float(item["due_at"]["N"]), item["job_id"]["S"])
            oldest = min(oldest or due, due)
    if oldest is None:
        yield make_finding("open images", "none")
        return
    late = time.time() - oldest[0]
    if late > _OVERDUE_SECONDS:
        text = f"job {oldest[1]} should have been looked at {late / 60:.0f} minutes ago"
        remedy = f"leanpix jobs show {oldest[1]}; {RUNBOOK}#sweeper-stopped"
        yield make_finding("open images", text, level=Level.WARNING, remedy=remedy)
    else:
        yield make_finding("open images", f"the oldest is job {oldest[1]}")


def check_optimizer(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Tell whether images are taken from their queue."""
    client = account.client("lambda")
    name = f"{account.stack_name}-optimizer"
    reserved = client.get_function_concurrency(FunctionName=name)
    if reserved.get("ReservedConcurrentExecutions") == 0:
        yield make_finding(
            "optimizer",
            "its concurrency is 0: messages use up their tries, and images fail",
            level=Level.BLOCKS,
            remedy=f"aws lambda delete-function-concurrency --function-name {name};"
            " `leanpix stage pause` pauses without harm",
        )
    for source in find_sources(account):
        if source["State"] in {"Enabled", "Enabling", "Updating", "Creating"}:
            yield make_finding("optimizer", "takes images from the queue")
        else:
            text = f"its event source is {source['State']}: images wait"
            remedy = "leanpix stage resume"
            yield make_finding("optimizer", text, level=Level.WARNING, remedy=remedy)


def find_sources(account: Account) -> list[dict[str, Any]]:
    """Return the event sources by which the optimizer takes images."""
    client = account.client("lambda")
    name = f"{account.stack_name}-optimizer"
    found: list[dict[str, Any]] = []
    for function in (f"{name}:live", name):
        pages = client.get_paginator("list_event_source_mappings")
        for page in pages.paginate(FunctionName=function):
            found += page["EventSourceMappings"]
    return list({source["UUID"]: source for source in found}.values())


def check_aliases(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Find aliases that were set by hand: the next canary would fail on them."""
    client = account.client("lambda")
    pages = account.client("cloudformation").get_paginator("list_stack_resources")
    deployed: dict[str, str] = {}
    for page in pages.paginate(StackName=account.stack_name):
        for resource in page["StackResourceSummaries"]:
            arn = str(resource.get("PhysicalResourceId", ""))
            # arn:aws:lambda:REGION:account:function:NAME:VERSION
            if resource["ResourceType"] == "AWS::Lambda::Version" and ":function:" in arn:
                function, _, version = arn.partition(":function:")[2].partition(":")
                deployed[function] = version
    by_hand = False
    for function, version in sorted(deployed.items()):
        alias = client.get_alias(FunctionName=function, Name="live")
        if alias["FunctionVersion"] != version:
            by_hand = True
            yield make_finding(
                "aliases",
                f"{function}: live is version {alias['FunctionVersion']}, deployed was {version}",
                level=Level.WARNING,
                remedy="before the next canary: aws lambda update-alias --function-name"
                f" {function} --name live --function-version {version}",
            )
    if not by_hand:
        yield make_finding("aliases", "as deployed")


def check_protection(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Tell whether a stage that keeps its data can be deleted by mistake."""
    stack = account.describe_stack() or {}
    if not account.stack_name.endswith(f"-{KEPT_STAGE}"):
        return
    if not stack.get("EnableTerminationProtection"):
        yield make_finding(
            "protection",
            f"{account.stack_name} can be deleted by one command",
            level=Level.WARNING,
            remedy="aws cloudformation update-termination-protection"
            f" --enable-termination-protection --stack-name {account.stack_name}",
        )
    for name in unprotected_tables(account):
        yield make_finding(
            "protection",
            f"the table {name} can be deleted by one command",
            level=Level.WARNING,
            remedy=f"aws dynamodb update-table --table-name {name} --deletion-protection-enabled",
        )


def unprotected_tables(account: Account) -> list[str]:
    """Return the tables of accounts and keys that have no deletion protection."""
    dynamodb = account.client("dynamodb")
    outputs = account.open_stack().outputs
    names = [outputs[OutputName.ACCOUNTS_TABLE], outputs[OutputName.KEYS_TABLE]]
    return [
        name
        for name in names
        if not dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled")
    ]


AFTER: Final[Mapping[str, Check]] = {
    "api": check_answer,
    "alarms": check_alarms,
    "queues": check_queues,
    "open images": check_open_images,
    "optimizer": check_optimizer,
    "aliases": check_aliases,
    "protection": check_protection,
}
"""The checks of a stage that is deployed."""
