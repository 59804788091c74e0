"""A ledger in moto's DynamoDB, by the adapters that run in AWS."""

from __future__ import annotations

import inspect
import threading
from typing import TYPE_CHECKING, Any

import boto3

from leanpix.adapters.dynamodb.accounts import AccountsTable
from leanpix.adapters.dynamodb.callbacks import CallbacksTable
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.dynamodb.open_records import OpenRecordsTable
from leanpix.adapters.dynamodb.transactions import Spread
from tests.integration.conftest import REGION, create_tables
from tests.ledger.parity import Twins
from tests.ledger.world import Backend

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from tests.ledger.fakes import HandClock


class OneCallAtATime:
    """A client whose calls take turns: DynamoDB isolates transactions, moto does not."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        if not inspect.ismethod(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                return found(*arguments, **named)

        return call


def make_client() -> Any:
    """Return a client; it must be made while moto is on."""
    return boto3.client("dynamodb", region_name=REGION)


def ledger_in_dynamodb(clock: HandClock, *, width: float = 1) -> Backend:
    """Return a ledger in empty tables, beside one in memory that must always agree."""
    client = make_client()
    for name in client.list_tables()["TableNames"]:
        client.delete_table(TableName=name)
    create_tables(client)
    ours, other = backend_over(client, clock, width=width), Backend.in_memory(clock)

    def add_account(account: Account) -> None:
        ours.add_account(account)
        other.add_account(account)

    def top_up(account_id: str, tokens: int) -> None:
        ours.top_up(account_id, tokens)
        other.top_up(account_id, tokens)

    return Backend(
        jobs=Twins(ours.jobs, other.jobs),
        accounts=Twins(ours.accounts, other.accounts),
        records=Twins(ours.records, other.records),
        callbacks=Twins(ours.callbacks, other.callbacks),
        add_account=add_account,
        top_up=top_up,
    )


class FixedSpread(Spread):
    """A spread that stays as wide as it was made, whatever conflicts there are."""

    def widen(self) -> None:
        """Stay."""

    def narrow(self) -> None:
        """Stay."""


def spread_ledger_in_dynamodb(clock: HandClock) -> Backend:
    """Return such a ledger of a hot account: charges, refunds and counts go to several items."""
    return ledger_in_dynamodb(clock, width=4)


def backend_over(client: Any, clock: HandClock, *, width: float = 1) -> Backend:
    """Return the ledger in a client's tables."""
    accounts = AccountsTable(client=client, table="accounts", now=clock.now)
    records = AccountsTable(client=client, table="accounts")
    return Backend(
        jobs=JobsTable(
            client=client,
            table="jobs",
            accounts=accounts,
            charges=FixedSpread(width),
            endings=FixedSpread(width),
        ),
        accounts=accounts,
        records=OpenRecordsTable(client=client, table="jobs"),
        callbacks=CallbacksTable(client=client, table="jobs"),
        add_account=lambda account: records.create(account, created_at=clock.now()),
        top_up=records.top_up,
    )
