"""Translate values into DynamoDB's notation, `{"S": "…"}`, and back.

This is the part of boto3.dynamodb.types that is used here: importing that brings all of boto3 and
s3transfer along, a third of the time that a light function takes to start (docs/sizing.md). A test
holds the two equal. See "AttributeValue" in the DynamoDB API reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

Attribute = dict[str, Any]

_MOST_DIGITS: Final = 38


def to_attribute(value: object) -> Attribute:
    """Return a plain value in DynamoDB's notation.

    A float is written with the fewest digits that stand for it.

    Raises:
        TypeError: DynamoDB has no notation for the value.
    """
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, (int, float, Decimal)):
        return {"N": _to_digits(value)}
    if isinstance(value, Mapping):
        return {"M": {str(name): to_attribute(each) for name, each in value.items()}}
    if isinstance(value, (list, tuple)):
        return {"L": [to_attribute(each) for each in value]}
    message = f"DynamoDB has no notation for {type(value).__name__} here"
    raise TypeError(message)


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Return the plain value; numbers as `Decimal`."""
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return Decimal(value)
    if kind == "M":
        return {name: from_attribute(each) for name, each in value.items()}
    if kind == "L":
        return [from_attribute(each) for each in value]
    if kind in {"S", "BOOL"}:
        return value
    message = f"an attribute of type {kind} is not one of ours"
    raise TypeError(message)


def _to_digits(number: float | Decimal) -> str:
    exact = Decimal(str(number))
    if not exact.is_finite() or len(exact.as_tuple().digits) > _MOST_DIGITS:
        message = f"DynamoDB cannot hold the number {number}"
        raise TypeError(message)
    return str(exact)
