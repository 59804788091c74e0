"""Translate accounts into items, and decisions of the domain into transaction actions.

The condition of each action says in what state of the account it is right; if the account has
moved on, nothing is written and the caller computes anew.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from leanpix.adapters.dynamodb.items import Item, to_item
from leanpix.domain import ledger
from leanpix.domain.accounts import Account
from leanpix.domain.ledger import Balance, BalanceChange, month_of

if TYPE_CHECKING:
    from collections.abc import Mapping


ACCOUNT_PART: Final = "account"
_BALANCE_NAMES: Final = {
    "tokens": "tokens",
    "month": "grant_month",
    "month_grant": "month_grant",
    "month_spent": "month_spent",
    "given_total": "given_total",
    "expired_total": "expired_total",
}


def account_key(account_id: str) -> Item:
    """Return the primary key of an account's own item."""
    return to_item({"account_id": account_id, "part": ACCOUNT_PART})


def account_to_values(account: Account) -> dict[str, Any]:
    """Return an account as plain values."""
    return {
        "account_id": account.account_id,
        "part": ACCOUNT_PART,
        "name": account.name,
        "email": account.email,
        "plan": account.plan,
        "is_unlimited": account.is_unlimited,
        "verified": account.verified,
        "callback_secret": account.callback_secret,
        **balance_to_values(account.balance),
    }


def account_from_values(values: Mapping[str, Any], *, now: float) -> Account:
    """Return the account that an item's plain values record."""
    return Account(
        account_id=values["account_id"],
        name=values["name"],
        email=values["email"],
        plan=values["plan"],
        is_unlimited=bool(values["is_unlimited"]),
        verified=bool(values["verified"]),
        callback_secret=values["callback_secret"],
        month=month_of(now),
        balance=Balance(
            month=values["grant_month"],
            tokens=int(values["tokens"]),
            month_grant=int(values["month_grant"]),
            month_spent=int(values["month_spent"]),
            given_total=int(values["given_total"]),
            expired_total=int(values["expired_total"]),
        ),
    )


def balance_to_values(balance: Balance) -> dict[str, Any]:
    """Return a balance as plain values."""
    return {stored: getattr(balance, name) for name, stored in _BALANCE_NAMES.items()}


def charge_action(table: str, account: Account, tokens: int) -> Item:
    """Return the action that charges an account, and renews its grant where one is due.

    A renewal replaces the whole balance, so no purse may hold anything.
    """
    balance = account.balance
    if account.current.month == balance.month:
        # Right whoever else charges in the same month, so that a burst does not contend.
        return change_action(
            table,
            account.account_id,
            ledger.charge(tokens),
            condition="is_unlimited = :no AND grant_month = :month AND tokens >= :needed",
            values={":needed": tokens, ":month": balance.month, ":no": False},
        )
    return _replace_balance(table, account, account.current.change(ledger.charge(tokens)))


def change_action(
    table: str,
    account_id: str,
    change: BalanceChange,
    *,
    condition: str,
    values: Mapping[str, Any],
) -> Item:
    """Return the action that adds a change to a balance, if the condition holds."""
    added = {name: number for name, number in asdict(change).items() if number}
    update = "SET " + ", ".join(f"{name} = {name} + :{name}" for name in added) if added else ""
    return _update(
        table,
        account_id,
        update,
        condition,
        {**values, **{f":{name}": number for name, number in added.items()}},
    )


def replace_plan_action(table: str, account: Account, changed: Account) -> Item:
    """Return the action that writes another plan, if the account still is as it was read."""
    action = _replace_balance(table, account, changed.balance)["Update"]
    action["UpdateExpression"] += ", #plan = :plan, is_unlimited = :unlimited"
    action["ConditionExpression"] = action["ConditionExpression"].replace(
        "is_unlimited = :no", "is_unlimited = :was_unlimited AND #plan = :old_plan"
    )
    # "plan" is a reserved word of DynamoDB's.
    action["ExpressionAttributeNames"] = {"#plan": "plan"}
    values = action["ExpressionAttributeValues"]
    del values[":no"]
    values |= to_item(
        {
            ":plan": changed.plan,
            ":old_plan": account.plan,
            ":unlimited": changed.is_unlimited,
            ":was_unlimited": account.is_unlimited,
        }
    )
    return {"Update": action}


def _replace_balance(table: str, account: Account, balance: Balance) -> Item:
    """Return the action that writes a balance, if the one it was computed from still stands."""
    new = {f":new_{name}": value for name, value in balance_to_values(balance).items()}
    old = {
        f":old_{name}": value
        for name, value in balance_to_values(account.balance).items()
        if name in {"tokens", "grant_month", "month_spent"}
    }
    return _update(
        table,
        account.account_id,
        "SET " + ", ".join(f"{name[5:]} = {name}" for name in new),
        "is_unlimited = :no AND " + " AND ".join(f"{name[5:]} = {name}" for name in old),
        {**new, **old, ":no": False},
    )


def _update(
    table: str, account_id: str, update: str, condition: str, values: Mapping[str, Any]
) -> Item:
    shared = _action(table, account_id, condition, values)
    return {"Update": {**shared, "UpdateExpression": update}}


def _action(table: str, account_id: str, condition: str, values: Mapping[str, Any]) -> Item:
    return {
        "TableName": table,
        "Key": account_key(account_id),
        "ConditionExpression": condition,
        "ExpressionAttributeValues": to_item(values),
    }
