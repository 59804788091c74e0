"""Test that the search finds the lowest quality at the goal in few encodes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.limits import Deadline
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.ladder import Ladder
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, SEARCH_BELOW_GOAL

AIM = 77.0


class FakeEncoder:
    """An encoder whose files are their quality; the score rises along a curve."""

    def __init__(self, offset: float, steepness: float) -> None:
        self.offset = offset
        self.steepness = steepness
        self.encodes = 0

    def ladder(self, **changes: object) -> Ladder:
        """Return a ladder over this encoder."""
        ladder = Ladder(how="fake", encode=self._encode, low=1, high=100, start=80, slope=0.6)
        return replace(ladder, **changes)  # type: ignore[arg-type]  # fields of the ladder by name

    def _encode(self, quality: float) -> bytes:
        self.encodes += 1
        return str(int(quality)).encode()

    def score(self, made: bytes | Picture) -> float:
        """Return a score: steep at low qualities, flat at high ones."""
        assert isinstance(made, bytes)
        return float(self.offset + 100 - self.steepness * (100 - int(made)) ** 0.8)


encoders = st.builds(FakeEncoder, st.floats(-8, 4), st.floats(1.0, 3.0))


@given(encoders)
def test_what_it_calls_reached_is_at_least_the_floor(encoder: FakeEncoder) -> None:
    found, reached = encoder.ladder().climb(AIM, encoder.score, Deadline(10))
    assert found.score == encoder.score(found.data)
    assert reached == (found.score >= AIM - FLOOR_BELOW_GOAL)


@given(encoders)
def test_it_encodes_a_bounded_number_of_times(encoder: FakeEncoder) -> None:
    encoder.ladder(max_encodes=4).climb(AIM, encoder.score, Deadline(10))
    assert encoder.encodes <= 7


@given(encoders)
def test_the_step_below_its_answer_misses_the_goal_or_the_answer_is_close(
    encoder: FakeEncoder,
) -> None:
    found, reached = encoder.ladder().climb(AIM, encoder.score, Deadline(10))
    assert reached
    assert found.score is not None
    assert found.quality is not None
    one_less = encoder.score(str(int(found.quality) - 1).encode())
    assert one_less < AIM - SEARCH_BELOW_GOAL or found.score < AIM + 2.5


def test_an_unreachable_goal_gives_the_closest_and_says_so() -> None:
    encoder = FakeEncoder(offset=-40, steepness=1.0)
    found, reached = encoder.ladder().climb(AIM, encoder.score, Deadline(10))
    assert not reached
    assert found.quality == 100


def test_the_final_file_is_made_once_from_the_chosen_one() -> None:
    encoder = FakeEncoder(offset=0, steepness=2.0)
    ladder = encoder.ladder(finish=lambda data, _: data + b" finished")
    found, _ = ladder.climb(AIM, encoder.score, Deadline(10))
    assert found.data == str(int(found.quality or 0)).encode() + b" finished"


def test_no_time_is_a_timeout() -> None:
    encoder = FakeEncoder(offset=0, steepness=2.0)
    with pytest.raises(Refused) as refusal:
        encoder.ladder().climb(AIM, encoder.score, Deadline(0))
    assert refusal.value.reason is Reason.TIMEOUT
