"""Test the number of items that writes are spread over."""

from __future__ import annotations

from leanpix.adapters.dynamodb.transactions import MAX_SPREAD, Spread


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
