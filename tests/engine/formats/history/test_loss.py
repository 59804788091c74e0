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


@pytest.mark.parametrize(("same_coding", "exponent"), [(True, 2.0), (False, 2.5)])
@given(goal=scores, source=scores)
def test_both_losses_together_hold_the_goal_but_for_what_is_given(
    *, same_coding: bool, exponent: float, goal: float, source: float
) -> None:
    left = goal_after(goal, source, same_coding=same_coding)
    if source > goal:
        together = combine(source, left, exponent=exponent)
        assert together >= goal - 1.5 - 1e-6
        if left > goal + 1e-6:
            assert together == pytest.approx(goal - 1.5)


def test_a_source_of_which_little_is_gone_keeps_the_goal() -> None:
    assert goal_after(77, 92) == 77
    assert goal_after(77, 87) > 78


def test_another_coding_leaves_more_than_the_same_once_more() -> None:
    assert goal_after(77, 85, same_coding=False) < goal_after(77, 85) - 1


@given(scores)
def test_a_spent_source_may_lose_nothing(goal: float) -> None:
    assert goal_after(goal, SPENT) == PRISTINE


@given(scores, scores)
def test_an_image_reduced_to_half_forgets_its_loss(goal: float, source: float) -> None:
    assert goal_after(goal, source, scale=0.5) == goal


def test_three_four_five() -> None:
    assert combine(97, 96) == pytest.approx(95)
