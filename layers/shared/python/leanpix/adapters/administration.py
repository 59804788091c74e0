"""Accounts and keys, written: DynamoDB and API Gateway. Only the command line uses it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanpix.adapters.account_items import (
    ACCOUNT_PART,
    account_from_values,
    account_to_values,
    top_up,
)
from leanpix.adapters.accounts_table import AccountsTable
from leanpix.adapters.items import from_item, to_item
from leanpix.adapters.transactions import ConditionRefusedError, write_transaction
from leanpix.contract import KEYS_BY_ACCOUNT_INDEX
from leanpix.domain.accounts import Account, Usage
from leanpix.services.administration import KeyRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRecordsTable:
    """The accounts table, written."""

    client: DynamoDBClient
    table: str

    def create(self, account: Account, *, created_at: float) -> None:
        """Record a new account."""
        self.client.put_item(
            TableName=self.table,
            Item=to_item({**account_to_values(account), "created_at": created_at}),
            ConditionExpression="attribute_not_exists(account_id)",
        )

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""
        return self._reader.read(account_id)

    def list(self) -> Iterator[Account]:
        """Return every account."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table,
            FilterExpression="part = :account",
            ExpressionAttributeValues=to_item({":account": ACCOUNT_PART}),
        )
        for page in pages:
            for item in page["Items"]:
                yield account_from_values(from_item(item), now=self._reader.now())

    def read_usage(self, account_id: str) -> Sequence[Usage]:
        """Return the months in which images of the account ended, the newest first."""
        return self._reader.read_usage(account_id)

    def top_up(self, account_id: str, tokens: int) -> bool:
        """Add tokens that do not end with the month; False for an account that needs none."""
        try:
            write_transaction(self.client, [top_up(self.table, account_id, tokens)])
        except ConditionRefusedError:
            return False
        return True

    @property
    def _reader(self) -> AccountsTable:
        return AccountsTable(client=self.client, table=self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecordsTable:
    """The keys table, written."""

    client: DynamoDBClient
    table: str

    def add(self, key: KeyRecord) -> None:
        """Record a new key."""
        self.client.put_item(
            TableName=self.table,
            Item=to_item(
                {
                    "key_hash": key.key_hash,
                    "account_id": key.account_id,
                    "gateway_key_id": key.gateway_key_id,
                    "created_at": key.created_at,
                }
            ),
            ConditionExpression="attribute_not_exists(key_hash)",
        )

    def find(self, key_hash_start: str) -> list[KeyRecord]:
        """Return the keys in force whose digest begins so."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table,
            FilterExpression="begins_with(key_hash, :start) AND attribute_not_exists(revoked_at)",
            ExpressionAttributeValues=to_item({":start": key_hash_start}),
        )
        return [_key_from(from_item(item)) for page in pages for item in page["Items"]]

    def list(self, account_id: str) -> Sequence[KeyRecord]:
        """Return an account's keys, revoked ones too, the newest first."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            IndexName=KEYS_BY_ACCOUNT_INDEX,
            KeyConditionExpression="account_id = :account",
            ExpressionAttributeValues=to_item({":account": account_id}),
        )
        found = [_key_from(from_item(item)) for page in pages for item in page["Items"]]
        return sorted(found, key=lambda key: key.created_at, reverse=True)

    def revoke(self, key_hash: str, *, now: float) -> None:
        """Make a key worthless."""
        self.client.update_item(
            TableName=self.table,
            Key=to_item({"key_hash": key_hash}),
            UpdateExpression="SET revoked_at = :now",
            ConditionExpression="attribute_exists(key_hash)",
            ExpressionAttributeValues=to_item({":now": now}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiGatewayKeys:
    """Keys in API Gateway; each plan has a usage plan."""

    client: APIGatewayClient
    usage_plan_ids: Mapping[str, str]

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""
        created = self.client.create_api_key(name=name, value=api_key, enabled=True)
        try:
            self.client.create_usage_plan_key(
                usagePlanId=self.usage_plan_ids[plan], keyId=created["id"], keyType="API_KEY"
            )
        except BaseException:
            self.delete(created["id"])
            raise
        return created["id"]

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""
        try:
            self.client.delete_api_key(apiKey=gateway_key_id)
        except self.client.exceptions.NotFoundException:
            return


def _key_from(values: Mapping[str, Any]) -> KeyRecord:
    revoked_at = values.get("revoked_at")
    return KeyRecord(
        key_hash=values["key_hash"],
        account_id=values["account_id"],
        gateway_key_id=values["gateway_key_id"],
        created_at=float(values["created_at"]),
        revoked_at=None if revoked_at is None else float(revoked_at),
    )
