"""Keep accounts in DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.adapters.dynamodb.account_items import (
    ACCOUNT_PART,
    USAGE_PREFIX,
    account_from_values,
    account_key,
    account_to_values,
    change_action,
    replace_plan_action,
    usage_from_values,
)
from leanpix.adapters.dynamodb.items import from_item, to_item
from leanpix.adapters.dynamodb.transactions import ConditionRefusedError, write_transaction
from leanpix.domain.ledger import top_up

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.domain.accounts import Account, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsTable:
    """The accounts table. Functions read it; the command line also writes it."""

    client: DynamoDBClient
    table: str
    now: Callable[[], float] = time.time
    """The clock that tells which month's grant an account has."""

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

    def create(self, account: Account, *, created_at: float) -> None:
        """Record a new account."""
        self.client.put_item(
            TableName=self.table,
            Item=to_item({**account_to_values(account), "created_at": created_at}),
            ConditionExpression="attribute_not_exists(account_id)",
        )

    def list(self) -> Iterator[Account]:
        """Return every account."""
        pages = self.client.get_paginator("scan").paginate(
            TableName=self.table,
            FilterExpression="part = :account",
            ExpressionAttributeValues=to_item({":account": ACCOUNT_PART}),
        )
        for page in pages:
            for item in page["Items"]:
                yield account_from_values(from_item(item), now=self.now())

    def top_up(self, account_id: str, tokens: int) -> bool:
        """Add tokens that do not end with the month; False for an account that needs none."""
        action = change_action(
            self.table,
            account_id,
            top_up(tokens),
            condition="is_unlimited = :no",
            values={":no": False},
        )
        try:
            write_transaction(self.client, [action])
        except ConditionRefusedError:
            return False
        return True

    def replace(self, account: Account, changed: Account) -> bool:
        """Write another plan and balance; False where the account has changed meanwhile."""
        try:
            write_transaction(self.client, [replace_plan_action(self.table, account, changed)])
        except ConditionRefusedError:
            return False
        return True

    def delete(self, account_id: str) -> None:
        """Delete an account with its usage; one that is gone already is fine."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="account_id = :account",
            ExpressionAttributeValues=to_item({":account": account_id}),
            ProjectionExpression="account_id, part",
            # The account's own item, "account", sorts before "usage#…": it goes last, so that a
            # deletion that was cut off can be asked for again.
            ScanIndexForward=False,
        )
        for page in pages:
            for key in page["Items"]:
                self.client.delete_item(TableName=self.table, Key=key)
