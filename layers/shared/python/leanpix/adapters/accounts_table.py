"""Accounts and keys in DynamoDB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.adapters.items import from_item, to_item
from leanpix.adapters.jobs_table import ACCOUNT_PART
from leanpix.domain.accounts import Account

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsTable:
    """The accounts table, read."""

    client: DynamoDBClient
    table: str

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""
        answer = self.client.get_item(
            TableName=self.table,
            Key=to_item({"account_id": account_id, "part": ACCOUNT_PART}),
            ConsistentRead=True,
        )
        if "Item" not in answer:
            return None
        values = from_item(answer["Item"])
        return Account(
            account_id=values["account_id"],
            name=values["name"],
            email=values["email"],
            plan=values["plan"],
            tokens=int(values["tokens"]),
            verified=bool(values["verified"]),
        )


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
