"""Keep accounts in DynamoDB."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from leanpix.adapters.dynamodb.account_items import (
    ACCOUNT_PART,
    account_from_values,
    account_to_values,
    change_action,
    replace_plan_action,
)
from leanpix.adapters.dynamodb.items import from_item, to_item
from leanpix.adapters.dynamodb.purse_items import (
    AFTER_PURSES,
    PURSE_PREFIX,
    gather_actions,
    is_empty,
    load_actions,
    purse_from_values,
)
from leanpix.adapters.dynamodb.transactions import (
    MAX_SPREAD,
    ConditionRefusedError,
    write_transaction,
)
from leanpix.adapters.dynamodb.usage_items import USAGE_PREFIX, usage_from_values
from leanpix.domain.accounts import Usage
from leanpix.domain.ledger import top_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.domain.accounts import Account

_MOST_READS: Final = 5
"""How often an account is read at most whose tokens move from item to item meanwhile."""
_MOST_GATHERINGS: Final = 8
_MOST_LOADED_TOKENS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsTable:
    """The accounts table. Functions read it; the command line also writes it."""

    client: DynamoDBClient
    table: str
    now: Callable[[], float] = time.time
    """The clock that tells which month's grant an account has."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written; what its purses hold counts as its balance's."""
        account, purses = self._read_still(account_id)
        if account is None:
            return None
        return _with_purses(account, purses)

    def gather(self, account_id: str) -> Account | None:
        """Write what an account's purses hold to its balance, and return the account."""
        for _ in range(_MOST_GATHERINGS):
            account, purses = self._read_still(account_id)
            if account is None or not purses:
                return account
            actions = gather_actions(self.table, account_id, account.balance, purses)
            try:
                write_transaction(self.client, actions)
            except ConditionRefusedError:
                continue  # a purse has changed
        return self.read(account_id)

    def load_purse(self, account: Account, tokens: int, *, number: int) -> bool:
        """Move tokens from the balance to a purse; False where the balance has too few.

        All purses together take half of what there is at most, so that few charges have to gather
        them.
        """
        share = account.current.tokens // (2 * MAX_SPREAD)
        load = max(tokens, min(share, _MOST_LOADED_TOKENS))
        month = account.balance.month
        try:
            write_transaction(
                self.client,
                load_actions(self.table, account.account_id, load, month=month, number=number),
            )
        except ConditionRefusedError:
            return False
        return True

    def _read_still(self, account_id: str) -> tuple[Account | None, list[dict[str, Any]]]:
        """Return an account as written, and its purses that hold something.

        A query may see one half of a transaction. Where there are purses it is made again, until
        no tokens have moved between two of them.
        """
        account, purses, moves = self._read_items(account_id)
        for _ in range(_MOST_READS):
            if not purses:
                break
            before = moves
            account, purses, moves = self._read_items(account_id)
            if moves == before:
                break
        return account, purses

    def _read_items(self, account_id: str) -> tuple[Account | None, list[dict[str, Any]], int]:
        answer = self.client.query(
            TableName=self.table,
            KeyConditionExpression="account_id = :account AND part BETWEEN :first AND :last",
            ExpressionAttributeValues=to_item(
                {":account": account_id, ":first": ACCOUNT_PART, ":last": AFTER_PURSES}
            ),
            ConsistentRead=True,
        )
        items = [from_item(item) for item in answer["Items"]]
        purses = [
            item for item in items if item["part"].startswith(PURSE_PREFIX) and not is_empty(item)
        ]
        for item in items:
            if item["part"] == ACCOUNT_PART:
                account = account_from_values(item, now=self.now())
                return account, purses, int(item.get("moves", 0))
        return None, [], 0

    def read_usage(self, account_id: str) -> list[Usage]:
        """Return the months in which images of the account ended, the newest first."""
        months: dict[str, Usage] = {}
        for usage in self._read_usage(account_id, USAGE_PREFIX):
            month = months.get(usage.month, Usage(month=usage.month))
            months[usage.month] = month.plus(usage)
        return sorted(months.values(), key=lambda usage: usage.month, reverse=True)

    def read_days(self, account_id: str, month: str) -> list[Usage]:
        """Return the days of a month on which images of the account ended, the newest first."""
        days: dict[str, Usage] = {}
        for usage in self._read_usage(account_id, f"{USAGE_PREFIX}{month}-"):
            day = days.get(usage.day, Usage(month=usage.month, day=usage.day))
            days[usage.day] = day.plus(usage)
        return sorted(days.values(), key=lambda usage: usage.day, reverse=True)

    def _read_usage(self, account_id: str, prefix: str) -> Iterator[Usage]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="account_id = :account AND begins_with(part, :usage)",
            ExpressionAttributeValues=to_item({":account": account_id, ":usage": prefix}),
        )
        return (usage_from_values(from_item(item)) for page in pages for item in page["Items"])

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
            FilterExpression="part = :account OR begins_with(part, :purse)",
            ExpressionAttributeValues=to_item({":account": ACCOUNT_PART, ":purse": PURSE_PREFIX}),
        )
        items = [from_item(item) for page in pages for item in page["Items"]]
        for item in items:
            if item["part"] == ACCOUNT_PART:
                purses = [
                    other
                    for other in items
                    if other["account_id"] == item["account_id"] and other is not item
                ]
                yield _with_purses(account_from_values(item, now=self.now()), purses)

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
        self.gather(account.account_id)
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


def _with_purses(account: Account, purses: Iterable[Mapping[str, Any]]) -> Account:
    balance = account.balance
    for values in purses:
        balance = balance.with_purse(purse_from_values(values))
    return replace(account, balance=balance)
