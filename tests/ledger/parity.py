"""Compare two ledgers, in DynamoDB and in memory, call by call.

What the ledger in memory does can be read in a few lines; what the conditional writes do cannot.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Twins:
    """A pair of ledgers that must return or raise the same."""

    def __init__(self, first: Any, second: Any) -> None:
        self._first = first
        self._second = second

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            first = _try(getattr(self._first, name), arguments, named)
            second = _try(getattr(self._second, name), arguments, named)
            assert first == second, f"{name} differs"
            value, error = first
            if error:
                raise error
            return value

        return call


def _try(
    function: Any, arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, type[Exception] | None]:
    try:
        value = function(*arguments, **named)
    except Exception as error:  # noqa: BLE001 - whatever it is, the twin must raise it too
        return None, type(error)
    if isinstance(value, Iterator):
        return sorted(value, key=repr), None
    return value, None
