"""Decide what the end of an image gives back, and what usage counts of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import FORMATS
from leanpix.domain.accounts import OTHER_TYPE, Usage
from leanpix.domain.jobs import ImageState
from leanpix.domain.ledger import Purse, refund_as_topped_up, refund_to_grant

if TYPE_CHECKING:
    from leanpix.domain.jobs import Image, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """The effect of an image's end on its account."""

    usage: Usage
    """The counts of this image alone, to be added to those of its day."""
    refund: Purse | None = None
    """What goes back; None where something was gained, or nothing was charged."""


def settle(image: Image, state: ImageState, outcome: Outcome, *, day: str) -> Settlement:
    """Return the effect of an image's end on that day on its account.

    A token pays for an image that was made smaller. Any other end gives it back: within the
    calendar's month of the charge to the grant it came from, and after that as if topped up.
    """
    return Settlement(
        usage=_usage_of(image, state, outcome, day),
        refund=None if outcome.is_gain else _refund_of(image, day[: len("2026-11")]),
    )


def _refund_of(image: Image, month: str) -> Purse | None:
    tokens = image.charged_tokens
    if not tokens:
        return None
    # The balance may still be in the old month, whose grant ends with the next charge.
    return (
        refund_to_grant(tokens, month)
        if month == image.charged_month
        else (refund_as_topped_up(tokens))
    )


def _usage_of(image: Image, state: ImageState, outcome: Outcome, day: str) -> Usage:
    if image.is_free:
        failed = 1 if state is ImageState.FAILED else 0
        return Usage(month=day[: len("2026-11")], day=day, failed_images=failed)
    bytes_out = outcome.main.bytes if outcome.main else outcome.original_bytes
    percent = 0.0
    if outcome.is_gain and outcome.original_bytes:
        percent = min(max(100 * (1 - bytes_out / outcome.original_bytes), 0.0), 100.0)
    kind = outcome.original_format
    return Usage(
        month=day[: len("2026-11")],
        day=day,
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
