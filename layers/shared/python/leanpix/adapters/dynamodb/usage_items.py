"""Translate the counts of ended images into items, a day's over as many as are needed, and back.

Counters are only added to, so the counts of a month are the sum of all items of its days.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leanpix.adapters.dynamodb.items import Item, to_item
from leanpix.domain.accounts import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

USAGE_PREFIX: Final = "usage#"
_MONTH_CHARACTERS: Final = len("2026-11")
_TYPE_PREFIX: Final = "type_"
_SAVED_PREFIX: Final = "saved_"
"""The prefix of counters such as `saved_37`, the images that became 37 percent smaller. A maximum
cannot be added up, but the highest of these counters can be read."""
_MOST_PERCENT: Final = 100


def usage_action(table: str, account_id: str, usage: Usage, *, number: int) -> Item:
    """Return the action that adds an ended image to one of its account's items of the day."""
    part = f"{USAGE_PREFIX}{usage.day}#{number}"
    added: dict[str, int | float] = {
        "images": usage.images,
        "optimized_images": usage.optimized_images,
        "failed_images": usage.failed_images,
        "charged_tokens": usage.charged_tokens,
        "bytes_in": usage.bytes_in,
        "bytes_out": usage.bytes_out,
        **{f"{_TYPE_PREFIX}{kind}": count for kind, count in usage.images_by_type.items()},
    }
    if usage.optimized_images:
        added["saved_percent_sum"] = usage.saved_percent_sum
        added[f"{_SAVED_PREFIX}{usage.best_saved_percent}"] = 1
    return {
        "Update": {
            "TableName": table,
            "Key": to_item({"account_id": account_id, "part": part}),
            "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in added),
            "ExpressionAttributeValues": to_item({f":{name}": n for name, n in added.items()}),
        }
    }


def usage_from_values(values: Mapping[str, Any]) -> Usage:
    """Return the counters in an item's plain values.

    Items from before there were days are a whole month's.
    """
    period = str(values["part"]).removeprefix(USAGE_PREFIX).partition("#")[0]
    by_percent = [
        percent for percent in range(_MOST_PERCENT + 1) if f"{_SAVED_PREFIX}{percent}" in values
    ]
    return Usage(
        month=period[:_MONTH_CHARACTERS],
        day=period if len(period) > _MONTH_CHARACTERS else "",
        images=int(values["images"]),
        optimized_images=int(values["optimized_images"]),
        failed_images=int(values["failed_images"]),
        charged_tokens=int(values["charged_tokens"]),
        bytes_in=int(values["bytes_in"]),
        bytes_out=int(values["bytes_out"]),
        images_by_type={
            name.removeprefix(_TYPE_PREFIX): int(count)
            for name, count in sorted(values.items())
            if name.startswith(_TYPE_PREFIX)
        },
        saved_percent_sum=float(values.get("saved_percent_sum", 0)),
        best_saved_percent=max(by_percent, default=0),
    )
