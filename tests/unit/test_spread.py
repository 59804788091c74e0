"""Test how transactions are tried again, and over how many items they are spread."""

from __future__ import annotations

from typing import Any

import pytest

from leanpix import deadline
from leanpix.adapters.dynamodb.transactions import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MAX_SPREAD,
    MAX_TRIES,
    Spread,
    write_transaction,
)


class Conflict(Exception):
    """A cancelled transaction, as botocore raises it."""

    response: dict[str, Any] = {"CancellationReasons": [{"Code": "TransactionConflict"}]}  # noqa: RUF012 - never changed


class Contended:
    """A client whose transactions meet a number of conflicts first."""

    class exceptions:  # noqa: N801 - botocore's name
        TransactionCanceledException = Conflict

    def __init__(self, conflicts: int) -> None:
        self.conflicts = conflicts
        self.tries = 0

    def transact_write_items(self, **_: Any) -> None:
        self.tries += 1
        if self.tries <= self.conflicts:
            raise Conflict


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the longest pauses that were taken, without taking them."""
    taken: list[float] = []
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    monkeypatch.setattr("time.sleep", taken.append)
    return taken


def test_conflicts_are_tried_again_after_pauses_that_double(pauses: list[float]) -> None:
    client: Any = Contended(MAX_TRIES - 1)
    write_transaction(client, [])
    assert client.tries == MAX_TRIES
    assert pauses[:3] == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS, 4 * FIRST_PAUSE_SECONDS]
    assert pauses[-1] == LONGEST_PAUSE_SECONDS


def test_after_the_last_try_a_conflict_is_told(pauses: list[float]) -> None:
    client: Any = Contended(MAX_TRIES)
    with pytest.raises(Conflict):
        write_transaction(client, [])
    assert len(pauses) == MAX_TRIES - 1


@pytest.mark.parametrize(("left", "tries"), [(0.0199, 1), (FIRST_PAUSE_SECONDS, 2)])
def test_no_pause_begins_that_there_is_no_time_for(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float], left: float, tries: int
) -> None:
    monkeypatch.setattr(deadline, "seconds_left", lambda: left)
    client: Any = Contended(MAX_TRIES)
    with pytest.raises(Conflict):
        write_transaction(client, [])
    assert client.tries == tries
    assert len(pauses) == tries - 1


def test_a_calm_account_has_one_item() -> None:
    spread = Spread()
    spread.narrow()
    assert {spread.pick() for _ in range(100)} == {0}


def test_conflicts_spread_the_writes_up_to_a_limit() -> None:
    spread = Spread()
    for _ in range(9):
        spread.widen()
    assert {spread.pick() for _ in range(2_000)} <= set(range(MAX_SPREAD))
    assert len({spread.pick() for _ in range(2_000)}) > MAX_SPREAD // 2


def test_calm_brings_it_back_to_one() -> None:
    spread = Spread()
    spread.widen()
    for _ in range(100):
        spread.narrow()
    assert spread.width == 1
