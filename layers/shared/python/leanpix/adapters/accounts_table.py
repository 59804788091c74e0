"""Accounts and keys in DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.adapters.account_items import (
    USAGE_PREFIX,
    account_from_values,
    account_key,
    usage_from_values,
)
from leanpix.adapters.items import from_item, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.domain.accounts import Account, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsTable:
    """The accounts table, read."""

    client: DynamoDBClient
    table: str
    now: Callable[[], float] = time.time
    """Tells which month's grant an account has."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""
        answer = self.client.get_item(
            TableName=self.table, Key=account_key(account_id), ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        return account_from_values(from_item(answer["Item"]), now=self.now())

    def read_usage(self, account_id: str) -> list[Usage]:
        """Return the months in which images of the account ended, the newest first."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="account_id = :account AND begins_with(part, :usage)",
            ExpressionAttributeValues=to_item({":account": account_id, ":usage": USAGE_PREFIX}),
            ScanIndexForward=False,
        )
        return [usage_from_values(from_item(item)) for page in pages for item in page["Items"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysTable:
    """The keys table, read. It holds digests; no key can be had from it."""

    client: DynamoDBClient
    table: str

    def find_account_id(self, key_hash: str) -> str | None:
        """Return whose key it is, or None for a key that is unknown or revoked."""
        answer = self.client.get_item(
            TableName=self.table, Key=to_item({"key_hash": key_hash}), ConsistentRead=True
        )
        values = from_item(answer.get("Item", {}))
        if not values or "revoked_at" in values:
            return None
        return str(values["account_id"])
