"""The arithmetic of generation loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanpix_engine.formats.history.loss import PRISTINE, SPENT, combine, goal_after

scores = st.floats(0, 100)


@given(scores)
def test_a_pristine_source_leaves_the_goal_as_it_is(goal: float) -> None:
    assert goal_after(goal, PRISTINE) == pytest.approx(goal)


@given(scores, scores)
def test_what_is_left_never_asks_for_less_than_the_goal(goal: float, source: float) -> None:
    assert goal - 1e-9 <= goal_after(goal, source) <= PRISTINE


@given(scores, scores)
def test_both_losses_together_hold_the_goal(goal: float, source: float) -> None:
    if source > goal:
        assert combine(source, goal_after(goal, source)) == pytest.approx(goal)


@given(scores)
def test_a_spent_source_may_lose_nothing(goal: float) -> None:
    assert goal_after(goal, SPENT) == PRISTINE


@given(scores, scores)
def test_an_image_reduced_to_half_forgets_its_loss(goal: float, source: float) -> None:
    assert goal_after(goal, source, scale=0.5) == goal


def test_three_four_five() -> None:
    assert combine(97, 96) == pytest.approx(95)
