"""Accounts and keys, written: DynamoDB and API Gateway. Only the command line uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanpix.adapters.accounts_table import AccountsTable
from leanpix.adapters.items import from_item, to_item
from leanpix.adapters.jobs_table import ACCOUNT_PART, USAGE_PREFIX
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
            Item=to_item(
                {
                    "account_id": account.account_id,
                    "part": ACCOUNT_PART,
                    "name": account.name,
                    "email": account.email,
                    "plan": account.plan,
                    "tokens": account.tokens,
                    "verified": account.verified,
                    "created_at": created_at,
                }
            ),
            ConditionExpression="attribute_not_exists(account_id)",
        )

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""
        return AccountsTable(client=self.client, table=self.table).read(account_id)

    def read_usage(self, account_id: str) -> list[Usage]:
        """Return the months in which the account sent images, the newest first."""
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="account_id = :account AND begins_with(part, :usage)",
            ExpressionAttributeValues=to_item({":account": account_id, ":usage": USAGE_PREFIX}),
            ScanIndexForward=False,
        )
        return [_usage_from(from_item(item)) for item in answer["Items"]]


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


def _usage_from(values: Mapping[str, Any]) -> Usage:
    return Usage(
        month=str(values["part"]).removeprefix(USAGE_PREFIX),
        images=int(values["images"]),
        optimized_images=int(values["optimized_images"]),
        bytes_in=int(values["bytes_in"]),
        bytes_out=int(values["bytes_out"]),
    )


def _key_from(values: Mapping[str, Any]) -> KeyRecord:
    return KeyRecord(
        key_hash=values["key_hash"],
        account_id=values["account_id"],
        gateway_key_id=values["gateway_key_id"],
        created_at=float(values["created_at"]),
    )
