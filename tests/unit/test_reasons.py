"""Test that every reason for which nothing was gained is explained."""

from __future__ import annotations

from leanpix.contract import FORMATS, REASONS
from leanpix.domain.jobs import KeptReason
from leanpix_engine.errors import Kept, Reason


def test_every_reason_of_the_engine_and_of_the_service_has_its_row_and_no_other() -> None:
    known = {each.value for kind in (Reason, Kept, KeptReason) for each in kind}
    assert set(REASONS) == known | {"already_optimized"}


def test_every_row_says_what_it_means_and_what_to_do() -> None:
    for name, entry in REASONS.items():
        for text in (entry.meaning, entry.what_to_do):
            assert text.endswith("."), name


def test_an_unsupported_format_names_the_supported_ones() -> None:
    meaning = REASONS["unsupported_format"].meaning
    assert all(row.title in meaning for row in FORMATS.values())
