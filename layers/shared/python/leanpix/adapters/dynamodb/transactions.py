"""Write DynamoDB transactions: repeat on conflicts, and report refused conditions by position."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any, Final

from leanpix import deadline

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

MAX_TRIES: Final = 12
FIRST_PAUSE_SECONDS: Final = 0.02
LONGEST_PAUSE_SECONDS: Final = 0.6


class ConditionRefusedError(Exception):
    """A condition that did not hold. `positions` are those of the actions refused."""

    def __init__(self, positions: tuple[int, ...]) -> None:
        """Take the positions in the transaction, from 0."""
        super().__init__(f"refused: {positions}")
        self.positions = positions


def write_transaction(client: DynamoDBClient, actions: Sequence[Any]) -> None:
    """Write all actions or none.

    A conflict with another transaction says nothing about the conditions, so the write is repeated
    with full jitter (AWS Builders' Library, "Timeouts, retries and backoff with jitter").

    Raises:
        ConditionRefusedError: a condition did not hold.
        ClientError: the last try failed otherwise.
    """
    for attempt in range(MAX_TRIES):
        try:
            client.transact_write_items(TransactItems=actions)
        except client.exceptions.TransactionCanceledException as error:
            refused = _refused_positions(error.response)
            if refused:
                raise ConditionRefusedError(refused) from None
            pause = min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
            if attempt == MAX_TRIES - 1 or deadline.seconds_left() < pause:
                raise
            time.sleep(random.uniform(0, pause))  # noqa: S311 - jitter is no secret
        else:
            return


def _refused_positions(response: Mapping[str, Any]) -> tuple[int, ...]:
    reasons = response.get("CancellationReasons", [])
    return tuple(
        position
        for position, reason in enumerate(reasons)
        if reason.get("Code") == "ConditionalCheckFailed"
    )
