"""Decide what the end of an image gives back, and what usage counts of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import FORMATS
from leanpix.domain.accounts import OTHER_TYPE, Usage
from leanpix.domain.jobs import ImageState
from leanpix.domain.ledger import BalanceChange, refund_as_topped_up, refund_to_grant

if TYPE_CHECKING:
    from leanpix.domain.jobs import Image, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """One way to give a charge back."""

    change: BalanceChange
    balance_month: str | None
    """The month that the account's balance must be in; None where any will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The effect of an image's end on its account."""

    usage: Usage
    """The counts of this image alone, to be added to those of its month."""
    refunds: tuple[Refund, ...] = ()
    """The ways to give the charge back, of which the first that the balance's month allows
    applies. Empty where something was gained, or nothing was charged."""


def settle(image: Image, state: ImageState, outcome: Outcome, *, month: str) -> Settlement:
    """Return the effect of an image's end in that month on its account.

    A token pays for an image that was made smaller. Any other end gives it back: within the
    calendar's month of the charge to the grant it came from, and after that as if topped up.
    """
    return Settlement(
        usage=_usage_of(image, state, outcome, month),
        refunds=() if outcome.is_gain else _refunds_of(image, month),
    )


def _refunds_of(image: Image, month: str) -> tuple[Refund, ...]:
    tokens = image.charged_tokens
    if not tokens:
        return ()
    late = Refund(change=refund_as_topped_up(tokens), balance_month=None)
    if month != image.charged_month:
        # The balance may still be in the old month, whose grant ends with the next charge.
        return (late,)
    # It may also be in the next month already, by a clock that is ahead of this one.
    return (Refund(change=refund_to_grant(tokens), balance_month=month), late)


def _usage_of(image: Image, state: ImageState, outcome: Outcome, month: str) -> Usage:
    bytes_out = outcome.main.bytes if outcome.main else outcome.original_bytes
    percent = 0.0
    if outcome.is_gain and outcome.original_bytes:
        percent = min(max(100 * (1 - bytes_out / outcome.original_bytes), 0.0), 100.0)
    kind = outcome.original_format
    return Usage(
        month=month,
        images=1,
        optimized_images=1 if outcome.is_gain else 0,
        failed_images=1 if state is ImageState.FAILED else 0,
        charged_tokens=image.charged_tokens if outcome.is_gain else 0,
        bytes_in=outcome.original_bytes,
        bytes_out=bytes_out,
        images_by_type={kind if kind in FORMATS else OTHER_TYPE: 1},
        saved_percent_sum=round(percent, 2),
        best_saved_percent=int(percent),
    )
