"""Test the search by quick encodes for the quality of a slow one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from leanpix_engine.formats.codec import effort_within
from leanpix_engine.limits import Deadline
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL
from leanpix_engine.search.two_stage import TwoStageLadder

GOAL = 77.0


@dataclass
class FakeEncoder:
    """An encoder whose files are their speed and quality; a slow one scores a little better."""

    at_60: float
    slope: float
    gain: float
    quick: int = 0
    slow: int = 0
    files: dict[bytes, float] = field(default_factory=dict)

    def ladder(self) -> TwoStageLadder:
        """Return a ladder over this encoder that expects a gain of 1."""
        return TwoStageLadder(
            how="fake",
            encode=self._quick,
            finish=lambda _data, quality: self._slow(quality),
            margin=-1.0,
            qualities=tuple(range(10, 96, 2)),
            low=10,
            high=94,
            start=60,
            slope=1.0,
            reach=3,
            too_good=2.0,
            max_encodes=3,
        )

    def _quick(self, quality: float) -> bytes:
        self.quick += 1
        return f"quick {quality}".encode()

    def _slow(self, quality: float) -> bytes:
        self.slow += 1
        return f"slow {quality}".encode()

    def score(self, data: bytes | Picture) -> float:
        """Return a score that rises along a straight line."""
        assert isinstance(data, bytes)
        speed, quality = data.decode().split()
        gain = self.gain if speed == "slow" else 0.0
        return self.at_60 + self.slope * (float(quality) - 60) / 2 + gain


encoders = st.builds(FakeEncoder, st.floats(69, 85), st.floats(0.6, 1.8), st.floats(-0.5, 2.5))


@given(encoders)
def test_the_file_is_the_slow_encoders_with_its_own_score(encoder: FakeEncoder) -> None:
    found, reached = encoder.ladder().climb(GOAL, encoder.score, Deadline(10))
    assert found.data.startswith(b"slow")
    assert found.score == encoder.score(found.data)
    assert reached == (encoder.score(found.data) >= GOAL - FLOOR_BELOW_GOAL)


@given(encoders)
def test_what_can_reach_the_goal_does_so_without_waste(encoder: FakeEncoder) -> None:
    found, reached = encoder.ladder().climb(GOAL, encoder.score, Deadline(10))
    assert reached
    assert encoder.score(found.data) <= GOAL + 4.0


@given(encoders)
def test_few_encodes_are_made_and_fewer_slow_ones(encoder: FakeEncoder) -> None:
    encoder.ladder().climb(GOAL, encoder.score, Deadline(10))
    assert encoder.quick <= 3
    assert encoder.slow <= 4


def test_where_the_quick_encoder_stands_well_for_the_slow_one_that_runs_once() -> None:
    encoder = FakeEncoder(at_60=75.0, slope=1.0, gain=1.0)
    encoder.ladder().climb(GOAL, encoder.score, Deadline(10))
    assert (encoder.quick, encoder.slow) == (1, 1)


def test_a_goal_out_of_reach_gives_the_best_there_is() -> None:
    encoder = FakeEncoder(at_60=10.0, slope=0.6, gain=1.0)
    found, reached = encoder.ladder().climb(GOAL, encoder.score, Deadline(10))
    assert not reached
    assert found.quality == 94


def test_what_others_made_far_smaller_is_not_made_for_good() -> None:
    encoder = FakeEncoder(at_60=75.0, slope=1.0, gain=1.0)
    replace(encoder.ladder(), hopeless_above=lambda: 2.0).climb(GOAL, encoder.score, Deadline(10))
    assert (encoder.quick, encoder.slow) == (1, 0)


def test_the_effort_is_the_highest_that_ends_in_time_and_the_least_where_none_does() -> None:
    costs = {4: 1.0, 1: 0.25, 0: 0.05}
    assert effort_within(costs, 5.0, 10.0) == 4
    assert effort_within(costs, 20.0, 10.0) == 1
    assert effort_within(costs, 1000.0, 10.0) == 0


@given(encoders)
def test_a_quality_that_stands_for_more_steps_is_encoded_once(encoder: FakeEncoder) -> None:
    ladder = replace(encoder.ladder(), qualities=sorted([*range(10, 96, 2), 62, 62, 66]))
    found, reached = ladder.climb(GOAL, encoder.score, Deadline(10))
    assert reached
    assert found.score == encoder.score(found.data)
    assert encoder.slow <= 4
