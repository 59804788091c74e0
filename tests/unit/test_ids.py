"""Test the bounds of the ids that are drawn by chance."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leanpix.domain.ids import JOB_ID_LIMIT, make_job_id


@pytest.mark.parametrize(
    ("draw", "expected"),
    [(lambda _: 0, 1), (lambda limit: limit - 1, JOB_ID_LIMIT - 1)],
    ids=["least", "most"],
)
def test_a_job_id_is_from_1_up_to_the_last_exact_integer(
    monkeypatch: pytest.MonkeyPatch, draw: Callable[[int], int], expected: int
) -> None:
    monkeypatch.setattr("secrets.randbelow", draw)
    assert make_job_id() == expected
