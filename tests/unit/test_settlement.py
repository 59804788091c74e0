"""Test the refunds and the usage that an image's end means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leanpix.domain.accounts import Usage
from leanpix.domain.jobs import Image, ImageState, Outcome, Rendition, UploadedSource
from leanpix.domain.ledger import refund_as_topped_up, refund_to_grant
from leanpix.domain.options import ImageOptions
from leanpix.domain.settlement import settle

IMAGE = Image(
    job_id=7,
    index=0,
    account_id="acc_1",
    public_id="p",
    file_name="a.jpg",
    source=UploadedSource(object_key="uploads/p"),
    options=ImageOptions(),
    charged_tokens=1,
    charged_month="2026-11",
)
GAIN = Outcome(
    original_bytes=1_000,
    format="jpg",
    original_format="jpg",
    main=Rendition(file_name="a.jpg", format="jpg", bytes=373),
)
NO_GAIN = replace(GAIN, main=None, reason="no_savings")


def test_an_image_that_was_made_smaller_keeps_its_charge() -> None:
    assert settle(IMAGE, ImageState.DONE, GAIN, day="2026-11-24").refund is None


@pytest.mark.parametrize("state", [ImageState.DONE, ImageState.FAILED])
def test_any_other_end_gives_the_charge_back(state: ImageState) -> None:
    assert settle(IMAGE, state, NO_GAIN, day="2026-11-24").refund == refund_to_grant(1, "2026-11")


def test_what_was_never_charged_is_not_given_back() -> None:
    free = replace(IMAGE, charged_tokens=0)
    assert settle(free, ImageState.DONE, NO_GAIN, day="2026-11-24").refund is None


def test_usage_counts_a_gain_by_its_month_type_and_percent() -> None:
    assert settle(IMAGE, ImageState.DONE, GAIN, day="2026-12-01").usage == Usage(
        month="2026-12",
        day="2026-12-01",
        images=1,
        optimized_images=1,
        charged_tokens=1,
        bytes_in=1_000,
        bytes_out=373,
        images_by_type={"jpg": 1},
        saved_percent_sum=62.7,
        best_saved_percent=62,
    )


def test_usage_counts_a_failure_with_the_bytes_it_came_with() -> None:
    unread = replace(NO_GAIN, original_format="")
    assert settle(IMAGE, ImageState.FAILED, unread, day="2026-12-01").usage == Usage(
        month="2026-12",
        day="2026-12-01",
        images=1,
        failed_images=1,
        bytes_in=1_000,
        bytes_out=1_000,
        images_by_type={"other": 1},
    )


def test_a_charge_of_an_earlier_calendar_month_comes_back_as_topped_up() -> None:
    """The account may not have renewed its grant yet, and would lose what goes back to it."""
    refund = settle(IMAGE, ImageState.DONE, NO_GAIN, day="2026-12-01").refund
    assert refund == refund_as_topped_up(1)
