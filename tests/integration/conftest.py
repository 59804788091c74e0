"""The three tables, the queue and the bucket in moto, as the template lays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from moto import mock_aws

from leanpix.adapters.bucket import Bucket
from leanpix.adapters.dynamodb.accounts import AccountsTable
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.dynamodb.keys import KeysTable
from leanpix.adapters.queues import SqsCallbackQueue, SqsImageQueue
from leanpix.contract import (
    JOBS_BY_ACCOUNT_INDEX,
    KEYS_BY_ACCOUNT_INDEX,
    OPEN_RECORDS_INDEX,
)
from leanpix.domain.accounts import Account
from leanpix.domain.ledger import Balance, month_of

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION: Final = "eu-central-1"
NOW = 1_800_000_000.0
"""When the tests' accounts are made and read."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The adapters over moto's AWS."""

    dynamodb: Any
    s3: Any
    sqs: Any
    queue_url: str
    callbacks_url: str

    @property
    def jobs(self) -> JobsTable:
        """Return the jobs table."""
        return JobsTable(client=self.dynamodb, table="jobs", accounts=self.accounts)

    @property
    def accounts(self) -> AccountsTable:
        """Return the accounts table, as handlers read it."""
        return AccountsTable(client=self.dynamodb, table="accounts", now=lambda: NOW)

    @property
    def account_records(self) -> AccountsTable:
        """Return the accounts table, as the operator writes it."""
        return AccountsTable(client=self.dynamodb, table="accounts")

    @property
    def keys(self) -> KeysTable:
        """Return the keys table, as the authorizer reads it."""
        return KeysTable(client=self.dynamodb, table="keys")

    @property
    def key_records(self) -> KeysTable:
        """Return the keys table, as the operator writes it."""
        return KeysTable(client=self.dynamodb, table="keys")

    @property
    def bucket(self) -> Bucket:
        """Return the bucket."""
        return Bucket(client=self.s3, name="images")

    @property
    def callback_queue(self) -> SqsCallbackQueue:
        """Return the queue of callbacks."""
        return SqsCallbackQueue(client=self.sqs, url=self.callbacks_url)

    @property
    def queue(self) -> SqsImageQueue:
        """Return the queue."""
        return SqsImageQueue(client=self.sqs, url=self.queue_url)

    def add_account(self, *, tokens: int = 10, account_id: str = "acc_1") -> Account:
        """Record an account."""
        account = Account(
            account_id=account_id,
            name="Ada",
            email="ada@example.com",
            plan="free",
            is_unlimited=tokens < 0,
            month=month_of(NOW),
            balance=Balance(tokens=max(0, tokens), month=month_of(NOW), month_grant=0),
            callback_secret="whsec_of_ada",
        )
        self.account_records.create(account, created_at=0)
        return account

    def tokens_of(self, account_id: str = "acc_1") -> int:
        """Return what an account has left."""
        account = self.accounts.read(account_id)
        assert account is not None
        return account.tokens

    def messages(self) -> list[str]:
        """Take the bodies of what waits in the queue."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        return [message["Body"] for message in found.get("Messages", [])]


def _schema(*keys: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": key, "KeyType": kind}
        for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
    ]


_NUMBERS: Final = {"due_at", "created_at"}


def _table(client: Any, name: str, *keys: str, indexes: tuple[tuple[str, ...], ...] = ()) -> None:
    """Create a table; each of `indexes` is an index's name and its keys."""
    described = [
        {
            "IndexName": name_of_index,
            "KeySchema": _schema(*index_keys),
            "Projection": {"ProjectionType": "ALL"},
        }
        for name_of_index, *index_keys in indexes
    ]
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "N" if key in _NUMBERS else "S"}
            for key in (*keys, *(key for index in indexes for key in index[1:]))
        ],
        KeySchema=_schema(*keys),
        **({"GlobalSecondaryIndexes": described} if described else {}),
    )


def create_tables(client: Any) -> None:
    """Create the three tables, as the template lays them."""
    open_records = (OPEN_RECORDS_INDEX, "open_shard", "due_at")
    by_account = (JOBS_BY_ACCOUNT_INDEX, "account_id", "created_at")
    _table(client, "jobs", "job_id", "part", indexes=(open_records, by_account))
    _table(client, "accounts", "account_id", "part")
    _table(client, "keys", "key_hash", indexes=((KEYS_BY_ACCOUNT_INDEX, "account_id"),))


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Return an empty stack."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        create_tables(dynamodb)
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": REGION})
        sqs = boto3.client("sqs", region_name=REGION)
        url = sqs.create_queue(QueueName="images")["QueueUrl"]
        callbacks_url = sqs.create_queue(QueueName="callbacks")["QueueUrl"]
        yield Stack(dynamodb=dynamodb, s3=s3, sqs=sqs, queue_url=url, callbacks_url=callbacks_url)
