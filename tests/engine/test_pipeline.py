"""Test the stages of the pipeline apart from the codecs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from leanpix_engine import Format, Limits, Options, Reason, Refused, encoding
from leanpix_engine.formats.job import Job
from leanpix_engine.limits import Deadline
from leanpix_engine.model import Probe
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate

PICTURE = Picture(frames=np.zeros((1, 8, 8, 3), np.uint8), mode=Mode.RGB)
CANDIDATES = [Candidate(data=bytes(size), how="fake") for size in (98, 50, 99, 100)]


class FakeJudge:
    """A judge that accepts one size of file, and ends the time at another."""

    def __init__(self, right: int, deadline: Deadline, ends_at: int = -1) -> None:
        self.right = right
        self.seen: list[int] = []
        self._deadline = deadline
        self._ends_at = ends_at

    def acceptable(self, data: bytes, _floor: float | None) -> tuple[bool, float | None]:
        self.seen.append(len(data))
        if len(data) == self._ends_at:
            self._deadline._end = 0
        return len(data) == self.right, None


def verified(right: int, ends_at: int = -1) -> tuple[Any, list[int]]:
    deadline = Deadline(60)
    judge: Any = FakeJudge(right, deadline, ends_at)
    job = Job(
        source=bytes(100),
        facts=Probe(format=Format.PNG, width=8, height=8, lossless=True),
        options=Options(min_saving=0.01),
        limits=Limits(),
        deadline=deadline,
        shrink=1,
        mark=None,
    )
    try:
        return encoding.verify(job, judge, PICTURE, CANDIDATES), judge.seen
    except Refused as refusal:
        return refusal.reason, judge.seen


def test_the_smallest_candidate_that_is_right_is_taken() -> None:
    output, seen = verified(right=98)
    assert len(output.data) == 98
    assert seen == [50, 98]


def test_a_candidate_must_save_exactly_the_least_saving_or_more() -> None:
    output, seen = verified(right=99)
    assert len(output.data) == 99
    assert seen == [50, 98, 99]
    assert verified(right=100) == (None, [50, 98, 99])


def test_no_candidate_is_looked_at_once_the_time_is_up() -> None:
    assert verified(right=98, ends_at=50) == (Reason.TIMEOUT, [50])


def test_a_deadline_counts_down_and_ends_at_nothing() -> None:
    with pytest.raises(Refused) as refusal:
        Deadline(0).check()
    assert refusal.value.reason is Reason.TIMEOUT
    Deadline(60).check()
