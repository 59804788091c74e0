"""Test the verdict on a deploy: it lost nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from leanpix_cli.rehearsal import Findings, RehearsalError, older_assembly

EXACT = Findings(
    accepted=9,
    sent_again=2,
    refused=0,
    recorded=10,
    done=10,
    failed=0,
    lost=0,
    charged=10,
    broken_links=0,
    seconds=60,
)


def test_all_that_was_recorded_has_ended_and_was_paid_for_once() -> None:
    assert EXACT.is_exact


@pytest.mark.parametrize(
    "change",
    [
        {"lost": 1},
        {"broken_links": 1},
        {"failed": 1},
        {"refused": 1},
        {"charged": 11},
        {"done": 9},
    ],
)
def test_anything_else_is_no_success(change: dict[str, int]) -> None:
    assert not replace(EXACT, **change).is_exact


def test_a_version_that_there_is_not_is_named(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match=r"v0\.0\.0-none"):
        older_assembly("v0.0.0-none", tmp_path)
