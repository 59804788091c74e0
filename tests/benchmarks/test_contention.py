"""Test the simulation of many optimizers on one account."""

from __future__ import annotations

import pytest

from benchmarks.contention import Simulation


@pytest.mark.parametrize("optimizers", [50, 200])
def test_one_item_carries_few_optimizers_and_spread_ones_carry_many(optimizers: int) -> None:
    before = Simulation(optimizers, is_spread=False).run()
    after = Simulation(optimizers, is_spread=True).run()
    assert before.settles.given_up_percent > 1
    for tally in (after.settles, after.submits):
        assert tally.given_up_percent <= 0.1
        assert tally.milliseconds(0.99) < 300


def test_a_thousand_optimizers_on_one_account_settle_in_time() -> None:
    after = Simulation(1_000, is_spread=True).run()
    assert after.settles.given_up_percent <= 0.1
    assert after.settles.milliseconds(0.99) < 300


def test_a_calm_account_has_nearly_one_try_for_each_write() -> None:
    after = Simulation(2, is_spread=True).run()
    assert after.settles.tries / after.settles.writes < 1.05
