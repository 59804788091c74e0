"""Keep the digests of API keys in DynamoDB."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanpix.adapters.dynamodb.items import from_item, to_item
from leanpix.contract import KEYS_BY_ACCOUNT_INDEX
from leanpix.domain.accounts import KeyRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysTable:
    """The keys table."""

    client: DynamoDBClient
    table: str

    def look_up(self, key_hash: str) -> KeyRecord | None:
        """Return a key that is in force; None where it is unknown or revoked."""
        answer = self.client.get_item(
            TableName=self.table, Key=to_item({"key_hash": key_hash}), ConsistentRead=True
        )
        values = from_item(answer.get("Item", {}))
        if not values or "revoked_at" in values:
            return None
        return _key_from(values)

    def note_use(self, key_hash: str, day: str) -> None:
        """Record that a key was used on a day."""
        with contextlib.suppress(self.client.exceptions.ConditionalCheckFailedException):
            self.client.update_item(
                TableName=self.table,
                Key=to_item({"key_hash": key_hash}),
                UpdateExpression="SET last_used_on = :day",
                ConditionExpression="attribute_exists(key_hash)",
                ExpressionAttributeValues=to_item({":day": day}),
            )

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
                    "name": key.name,
                    "prefix": key.prefix,
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

    def delete(self, key_hash: str) -> None:
        """Delete a key's record; one that is gone already is fine."""
        self.client.delete_item(TableName=self.table, Key=to_item({"key_hash": key_hash}))


def _key_from(values: Mapping[str, Any]) -> KeyRecord:
    revoked_at = values.get("revoked_at")
    return KeyRecord(
        key_hash=values["key_hash"],
        account_id=values["account_id"],
        gateway_key_id=values["gateway_key_id"],
        created_at=float(values["created_at"]),
        name=values.get("name", ""),
        prefix=values.get("prefix", ""),
        last_used_on=values.get("last_used_on"),
        revoked_at=None if revoked_at is None else float(revoked_at),
    )
