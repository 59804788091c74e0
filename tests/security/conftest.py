"""A stack in moto on which all functions run, and an account with a key."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest
from moto import mock_aws

from leanpix.adapters.dynamodb.keys import KeysTable
from leanpix.contract import PLANS, usage_plan_name
from leanpix.domain.accounts import KeyRecord
from leanpix.domain.ids import hash_api_key
from leanpix.observability import logger
from tests.integration.conftest import REGION, Stack, create_tables
from tests.security import functions

AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYsecretKEY"
SESSION_TOKEN = "IQoJb3JpZ2luX2VjEXAMPLEsessionTOKEN"
API_KEY = "lpx_q7RzS0m3ThingThatNobodyMayRead-_42"
OTHER_KEY = "lpx_unknown-key-that-nobody-has-000000"


@dataclass(frozen=True, kw_only=True)
class House:
    """The stack, and the log of the functions."""

    stack: Stack
    log: io.StringIO

    def add_usage_plans(self) -> None:
        """Make the usage plans in which API Gateway counts the requests of keys."""
        gateway = boto3.client("apigateway", region_name=REGION)
        for plan in PLANS:
            gateway.create_usage_plan(name=usage_plan_name("leanpix-test", plan))

    @property
    def logged(self) -> str:
        """Return all that was logged, by any library too."""
        return self.log.getvalue()


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """Return the stack with an account, its key known to the authorizer."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "AWS_SESSION_TOKEN": SESSION_TOKEN,
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    log = io.StringIO()
    with mock_aws(), _listening(log):
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        s3 = boto3.client("s3", region_name=REGION)
        sqs = boto3.client("sqs", region_name=REGION)
        create_tables(dynamodb)
        s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": REGION})
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("images", "callbacks")]
        stack = Stack(dynamodb=dynamodb, s3=s3, sqs=sqs, queue_url=urls[0], callbacks_url=urls[1])
        for name, value in functions.environment(*urls).items():
            monkeypatch.setenv(name, value)
        functions.start_anew(monkeypatch)
        for account_id in ("acc_1", "acc_2"):
            stack.add_account(tokens=100, account_id=account_id)
        KeysTable(client=dynamodb, table="keys").add(
            KeyRecord(
                key_hash=hash_api_key(API_KEY),
                account_id="acc_1",
                gateway_key_id="gateway-1",
                created_at=0,
            )
        )
        yield House(stack=stack, log=log)


@contextlib.contextmanager
def _listening(log: io.StringIO) -> Iterator[None]:
    """Take what our logger writes, what others log, and what is printed."""
    root = logging.getLogger()
    others = logging.StreamHandler(log)
    # As Powertools sees to it in Lambda: what our logger wrote is not written again.
    others.addFilter(lambda record: record.name != logger.name)
    root.addHandler(others)
    level = root.level
    root.setLevel(logging.INFO)
    streams = []
    for handler in logger._logger.handlers:
        assert isinstance(handler, logging.StreamHandler)
        streams.append((handler, handler.setStream(log)))
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            yield
    finally:
        root.removeHandler(others)
        root.setLevel(level)
        for handler, stream in streams:
            if stream:
                handler.setStream(stream)
