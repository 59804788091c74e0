"""Write DynamoDB transactions: repeat on conflicts, and report refused conditions by position.

Two transactions at once on one item cancel each other ("Transaction conflict handling in
DynamoDB"). What many processes add to is spread over several items, as many as conflicts ask for.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from leanpix import deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

MAX_TRIES: Final = 12
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.6
MAX_SPREAD: Final = 64
"""The most items: with the account's own, as many as one transaction can gather (100)."""
_GROWTH: Final = 4.0
_DECAY: Final = 0.97


class ConditionRefusedError(Exception):
    """A condition that did not hold. `positions` are those of the actions refused."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        """Take the positions in the transaction, from 0."""
        super().__init__(f"refused: {positions}")
        self.positions = positions


@dataclass(slots=True)
class Spread:
    """The number of items over which a process spreads what it adds to, as it finds need for.

    An account that few work for has one item. A conflict makes four of one, and each write without
    a conflict a little less, so that about one write in fifty meets a conflict, whatever the load
    (`python -m benchmarks.contention`).
    """

    width: float = 1.0

    def pick(self) -> int:
        """Return the number of an item, from 0."""
        return int(random.random() * self.width)  # noqa: S311 - chance is no secret here

    def widen(self) -> None:
        """Take a conflict into account."""
        self.width = min(MAX_SPREAD, self.width * _GROWTH)

    def narrow(self) -> None:
        """Take a write without a conflict into account."""
        self.width = max(1.0, self.width * _DECAY)


def write_transaction(client: DynamoDBClient, actions: Sequence[Any]) -> None:
    """Write all actions or none, as `write_spread` does, to items that are always the same."""
    write_spread(client, Spread(), lambda _: actions)


def write_spread(
    client: DynamoDBClient, spread: Spread, make_actions: Callable[[int], Sequence[Any]]
) -> None:
    """Write all actions or none; they are made anew for the item that each try picks.

    A conflict with another transaction says nothing about the conditions, so the write is repeated
    with full jitter (AWS Builders' Library, "Timeouts, retries and backoff with jitter").

    Raises:
        ConditionRefusedError: a condition did not hold.
        ClientError: the last try failed otherwise.
    """
    for attempt in range(MAX_TRIES):
        try:
            client.transact_write_items(TransactItems=make_actions(spread.pick()))
        except client.exceptions.TransactionCanceledException as error:
            refused = _refused_positions(error.response)
            if refused:
                raise ConditionRefusedError(refused) from None
            spread.widen()
            pause = min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
            if attempt == MAX_TRIES - 1 or deadline.seconds_left() < pause:
                raise
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter is no secret
        else:
            spread.narrow()
            return


def _refused_positions(response: Mapping[str, Any]) -> tuple[int, ...]:
    reasons = response.get("CancellationReasons", [])
    return tuple(
        position
        for position, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    )
