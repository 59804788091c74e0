"""Test tokens: a month's grant, top-ups and refunds."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from leanpix.domain.ledger import (
    Balance,
    charge,
    month_of,
    next_month_starts_at,
    refund_as_topped_up,
    refund_to_grant,
    top_up,
)

NOVEMBER = Balance(tokens=500, month="2026-11", month_grant=500, given_total=500)


def test_a_month_is_counted_in_utc() -> None:
    assert month_of(1_796_083_199) == "2026-11"
    assert month_of(1_796_083_200) == "2026-12"


def test_the_next_month_begins_at_midnight_utc() -> None:
    assert next_month_starts_at(1_796_083_199) == 1_796_083_200
    assert month_of(next_month_starts_at(1_796_083_200)) == "2027-01"


def test_a_charge_spends_the_grant_before_what_was_topped_up() -> None:
    balance = NOVEMBER.change(top_up(10)).change(charge(499))
    assert (balance.granted, balance.topped_up) == (1, 10)
    balance = balance.change(charge(3))
    assert (balance.granted, balance.topped_up) == (0, 8)


def test_a_new_month_ends_the_old_grant_and_brings_a_new_one() -> None:
    december = NOVEMBER.change(charge(100)).renew("2026-12", 500)
    assert (december.tokens, december.expired_total) == (500, 400)
    assert december.given_total == 1_000


def test_what_was_topped_up_outlives_the_month() -> None:
    december = NOVEMBER.change(top_up(10)).change(charge(505)).renew("2026-12", 500)
    assert (december.granted, december.topped_up) == (500, 5)


def test_months_without_a_charge_bring_no_grants_of_their_own() -> None:
    assert NOVEMBER.renew("2027-03", 500).tokens == 500


def test_a_clock_that_lags_behind_renews_nothing() -> None:
    assert NOVEMBER.renew("2026-10", 500) is NOVEMBER


def test_a_refund_within_the_month_goes_back_to_where_it_came_from() -> None:
    balance = (
        NOVEMBER.change(top_up(10)).change(charge(502)).with_purse(refund_to_grant(1, "2026-11"))
    )
    assert (balance.granted, balance.topped_up) == (0, 9)
    balance = (
        NOVEMBER.change(top_up(10)).change(charge(100)).with_purse(refund_to_grant(1, "2026-11"))
    )
    assert (balance.granted, balance.topped_up) == (401, 10)


def test_a_refund_of_an_earlier_months_charge_is_as_if_topped_up() -> None:
    december = NOVEMBER.change(charge(2)).renew("2026-12", 500).with_purse(refund_as_topped_up(2))
    assert (december.granted, december.topped_up) == (500, 2)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("charge"), st.integers(1, 9)),
        st.tuples(st.just("refund"), st.integers(0, 99)),
        st.tuples(st.just("top_up"), st.integers(1, 9)),
        st.tuples(st.just("renew"), st.integers(1, 2)),
    ),
    max_size=60,
)


@given(steps)
def test_the_sums_are_right_whatever_happens(steps: list[tuple[str, int]]) -> None:
    """Given - expired - tokens = what is charged and was not given back."""
    month, grant = 1, 5
    balance = Balance(tokens=grant, month="m01", month_grant=grant, given_total=grant)
    charges: list[tuple[str, int]] = []
    for what, number in steps:
        if what == "charge" and balance.tokens >= number:
            balance = balance.change(charge(number))
            charges.append((balance.month, number))
        elif what == "refund" and charges:
            charged_month, tokens = charges.pop(number % len(charges))
            is_current = charged_month == balance.month
            refund = (
                refund_to_grant(tokens, balance.month)
                if is_current
                else refund_as_topped_up(tokens)
            )
            balance = balance.with_purse(refund)
        elif what == "top_up":
            balance = balance.change(top_up(number))
        elif what == "renew":
            month += number
            balance = balance.renew(f"m{month:02}", grant)
        held = sum(tokens for _, tokens in charges)
        assert balance.given_total - balance.expired_total - balance.tokens == held
        assert 0 <= balance.granted <= grant
        assert balance.topped_up >= 0
    assert balance.tokens == replace(balance).granted + balance.topped_up
