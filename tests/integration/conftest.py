"""The three tables, the queue and the bucket in moto, as the template lays them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from leanpix.adapters.accounts_table import AccountsTable, KeysTable
from leanpix.adapters.administration import AccountRecordsTable, KeyRecordsTable
from leanpix.adapters.bucket import Bucket
from leanpix.adapters.jobs_table import JobsTable
from leanpix.adapters.queue import SqsImageQueue
from leanpix.domain.accounts import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-central-1"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """The adapters over moto's AWS."""

    dynamodb: Any
    s3: Any
    sqs: Any
    queue_url: str

    @property
    def jobs(self) -> JobsTable:
        """Return the jobs table."""
        return JobsTable(client=self.dynamodb, jobs_table="jobs", accounts_table="accounts")

    @property
    def accounts(self) -> AccountsTable:
        """Return the accounts table, as handlers read it."""
        return AccountsTable(client=self.dynamodb, table="accounts")

    @property
    def account_records(self) -> AccountRecordsTable:
        """Return the accounts table, as the operator writes it."""
        return AccountRecordsTable(client=self.dynamodb, table="accounts")

    @property
    def keys(self) -> KeysTable:
        """Return the keys table, as the authorizer reads it."""
        return KeysTable(client=self.dynamodb, table="keys")

    @property
    def key_records(self) -> KeyRecordsTable:
        """Return the keys table, as the operator writes it."""
        return KeyRecordsTable(client=self.dynamodb, table="keys")

    @property
    def bucket(self) -> Bucket:
        """Return the bucket."""
        return Bucket(client=self.s3, name="images")

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
            tokens=tokens,
            verified=True,
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


def _table(client: Any, name: str, *keys: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
        KeySchema=[
            {"AttributeName": key, "KeyType": kind}
            for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
        ],
    )


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Return an empty stack."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        _table(dynamodb, "jobs", "job_id", "part")
        _table(dynamodb, "accounts", "account_id", "part")
        _table(dynamodb, "keys", "key_hash")
        s3 = boto3.client("s3", region_name=REGION)
        s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": REGION})
        sqs = boto3.client("sqs", region_name=REGION)
        url = sqs.create_queue(QueueName="images")["QueueUrl"]
        yield Stack(dynamodb=dynamodb, s3=s3, sqs=sqs, queue_url=url)
