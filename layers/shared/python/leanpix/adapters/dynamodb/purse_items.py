"""Translate purses into items: tokens of an account beside its balance.

A transaction on the account's own item cancels every other one on it. So refunds go to purses, and
where many submit at once, charges are paid from purses that were loaded. Gathering writes all to
the balance. `changes` counts the writes to a purse, so that what is gathered is what was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leanpix.adapters.dynamodb.account_items import change_action
from leanpix.adapters.dynamodb.items import Item, to_item
from leanpix.domain.ledger import Balance, BalanceChange, Purse

if TYPE_CHECKING:
    from collections.abc import Mapping

PURSE_PREFIX: Final = "purse#"
AFTER_PURSES: Final = "purse$"
"""The first sort key behind those of the purses: `$` follows `#`."""
_SPENT_PREFIX: Final = "spent_"


def purse_from_values(values: Mapping[str, Any]) -> Purse:
    """Return the purse in an item's plain values."""
    return Purse(
        tokens=int(values.get("tokens", 0)),
        spent_by_month={
            _month_of(name): int(number)
            for name, number in values.items()
            if name.startswith(_SPENT_PREFIX)
        },
    )


def refund_action(table: str, account_id: str, refund: Purse, *, number: int) -> Item:
    """Return the action that gives a charge back into a purse."""
    return _add(table, account_id, number, refund)


def purse_charge_action(
    table: str, account_id: str, tokens: int, *, month: str, number: int
) -> Item:
    """Return the action that charges a purse which was loaded in the month."""
    action = _add(table, account_id, number, Purse(tokens=-tokens, spent_by_month={month: tokens}))
    action["Update"]["ConditionExpression"] = "loaded_month = :loaded AND tokens >= :needed"
    action["Update"]["ExpressionAttributeValues"] |= to_item({":loaded": month, ":needed": tokens})
    return action


def load_actions(
    table: str, account_id: str, tokens: int, *, month: str, number: int
) -> list[Item]:
    """Return the actions that move tokens of the month's balance into a purse."""
    load = _add(table, account_id, number, Purse(tokens=tokens))
    load["Update"]["UpdateExpression"] += " SET loaded_month = :month"
    load["Update"]["ConditionExpression"] = (
        "attribute_not_exists(loaded_month) OR loaded_month = :month"
    )
    load["Update"]["ExpressionAttributeValues"] |= to_item({":month": month})
    taken = change_action(
        table,
        account_id,
        BalanceChange(tokens=-tokens),
        condition="is_unlimited = :no AND grant_month = :month AND tokens >= :needed",
        values={":no": False, ":month": month, ":needed": tokens},
    )
    return [_count_move(taken), load]


def gather_actions(
    table: str, account_id: str, balance: Balance, purses: list[dict[str, Any]]
) -> list[Item]:
    """Return the actions that move what purses hold to the balance that they were read with."""
    gathered = balance
    for values in purses:
        gathered = gathered.with_purse(purse_from_values(values))
    change = BalanceChange(
        tokens=gathered.tokens - balance.tokens,
        month_spent=gathered.month_spent - balance.month_spent,
    )
    moved = change_action(
        table,
        account_id,
        change,
        condition="grant_month = :month",
        values={":month": balance.month},
    )
    return [_count_move(moved), *(_empty(table, values) for values in purses)]


def is_empty(values: Mapping[str, Any]) -> bool:
    """Return whether a purse's item holds nothing."""
    return not any(
        name in {"tokens", "loaded_month"} or name.startswith(_SPENT_PREFIX) for name in values
    )


def _add(table: str, account_id: str, number: int, purse: Purse) -> Item:
    added: dict[str, Any] = {"tokens": purse.tokens, "changes": 1}
    added |= {_spent_in(month): spent for month, spent in purse.spent_by_month.items()}
    return {
        "Update": {
            "TableName": table,
            "Key": to_item({"account_id": account_id, "part": f"{PURSE_PREFIX}{number}"}),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in added),
            "ExpressionAttributeValues": to_item({f":{name}": n for name, n in added.items()}),
        }
    }


def _empty(table: str, values: Mapping[str, Any]) -> Item:
    names = [name for name in values if name not in {"account_id", "part", "changes"}]
    return {
        "Update": {
            "TableName": table,
            "Key": to_item({"account_id": values["account_id"], "part": values["part"]}),
            "UpdateExpression": f"REMOVE {', '.join(names)} ADD changes :one",
            "ConditionExpression": "changes = :changes",
            "ExpressionAttributeValues": to_item({":one": 1, ":changes": values["changes"]}),
        }
    }


def _count_move(action: Item) -> Item:
    """Count on the account's item that tokens moved, for whoever reads it and the purses."""
    action["Update"]["UpdateExpression"] += " ADD moves :one"
    action["Update"]["ExpressionAttributeValues"] |= to_item({":one": 1})
    return action


def _spent_in(month: str) -> str:
    # Without the hyphen, which a name in an expression may not have.
    return _SPENT_PREFIX + month.replace("-", "_")


def _month_of(name: str) -> str:
    return name.removeprefix(_SPENT_PREFIX).replace("_", "-")
