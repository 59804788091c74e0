"""Search the highest quality of an encoder whose file has at most so many bytes.

The logarithm of the bytes grows with the quality, much the same on every image; two files say how
much on this one. Scores are not looked at: of one encoder's files the largest looks best.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from leanpix_engine.limits import Deadline
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.two_stage import SCORE_PER_E, TwoStageLadder

_LEAST_FILLED: Final = 0.95
"""A file with at least this share of the bytes allowed is content."""
_AIM: Final = 0.978
"""The share of them to aim at: in the middle between too few and too many."""
_MOST_QUICK: Final = 4
_MOST_FINAL: Final = 4
_RATE_RANGE: Final = 4.0
"""The factor by which an image's bytes may change faster or slower than is usual."""


@dataclass(frozen=True, slots=True)
class _Tried:
    at: float
    """The quality, or the number of its step."""
    size: int
    data: bytes


@dataclass(slots=True)
class _Bracket:
    """What was tried so far: the best that fits, and the least that does not."""

    most_bytes: float
    rate: float
    """Growth of the logarithm of the bytes with each step."""
    below: _Tried | None = None
    above: _Tried | None = None

    def note(self, tried: _Tried) -> None:
        usual = self.rate
        if tried.size <= self.most_bytes:
            self.below = tried
        else:
            self.above = tried
        below, above = self.below, self.above
        if below and above and above.at > below.at:
            measured = math.log(above.size / below.size) / (above.at - below.at)
            self.rate = min(max(measured, usual / _RATE_RANGE), usual * _RATE_RANGE)

    def is_settled(self, steps: _Steps) -> bool:
        """Return whether no other step is worth a file."""
        below, above = self.below, self.above
        if below and (below.size >= _LEAST_FILLED * self.most_bytes or below.at >= steps.high):
            return True
        if above and above.at <= steps.low:
            return True
        return bool(below and above and above.at - below.at <= steps.step)

    def next_at(self, steps: _Steps) -> float:
        """Return where the bytes are expected to be what is aimed at, between the two ends."""
        known = [one for one in (self.below, self.above) if one is not None]
        nearest = min(known, key=lambda one: abs(math.log(one.size / self.most_bytes)))
        move = math.log(_AIM * self.most_bytes / nearest.size) / self.rate
        guess = round((nearest.at + move) / steps.step) * steps.step
        low = self.below.at + steps.step if self.below else steps.low
        high = self.above.at - steps.step if self.above else steps.high
        return max(min(guess, high), low)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Steps:
    """The qualities of a ladder, as even steps."""

    start: float
    low: float
    high: float
    step: float
    qualities: Sequence[float] | None

    @classmethod
    def of(cls, ladder: Ladder) -> _Steps:
        """Return a ladder's own steps, or those of its list of qualities."""
        if isinstance(ladder, TwoStageLadder):
            return cls(
                start=min(bisect_left(ladder.qualities, ladder.start), len(ladder.qualities) - 1),
                low=0,
                high=len(ladder.qualities) - 1,
                step=1,
                qualities=ladder.qualities,
            )
        return cls(
            start=round(ladder.start / ladder.step) * ladder.step,
            low=ladder.low,
            high=ladder.high,
            step=ladder.step,
            qualities=None,
        )

    def at(self, quality: float) -> float:
        """Return the step of a quality."""
        return quality if self.qualities is None else bisect_left(self.qualities, quality)

    def quality(self, at: float) -> float:
        """Return the quality of a step."""
        return at if self.qualities is None else self.qualities[round(at)]


def fitting(
    ladder: Ladder, most_bytes: float, deadline: Deadline, known: Candidate | None = None
) -> Candidate | None:
    """Return the file of the highest quality found that fits; None where the lowest does not.

    Quick files lead to the place, final ones decide there.

    Args:
        ladder: the way to encode.
        most_bytes: what the finished file may have.
        deadline: ends the search; what was found by then is returned.
        known: a finished file of this way that is too large, to start from without quick ones.
    """
    steps = _Steps.of(ladder)

    def quick(at: float) -> bytes:
        return ladder.encode(steps.quality(at))

    def final(at: float) -> bytes:
        return ladder.finish(quick(at), steps.quality(at))

    exactly = _Bracket(most_bytes, ladder.slope / SCORE_PER_E)
    if known is not None and known.quality is not None:
        exactly.note(_Tried(steps.at(known.quality), len(known.data), known.data))
        start = exactly.next_at(steps)
    else:
        roughly = _Bracket(most_bytes, exactly.rate)
        _narrow(roughly, steps, quick, _MOST_QUICK, deadline, steps.start)
        nearest = roughly.below or roughly.above
        start = steps.start if nearest is None else nearest.at
        exactly.rate = roughly.rate
    _narrow(exactly, steps, final, _MOST_FINAL, deadline, start)
    if exactly.below is None:
        return None
    quality = steps.quality(exactly.below.at)
    return Candidate(data=exactly.below.data, how=ladder.how, quality=quality)


def _narrow(
    bracket: _Bracket,
    steps: _Steps,
    make: Callable[[float], bytes],
    most_files: int,
    deadline: Deadline,
    at: float,
) -> None:
    """Make files until one is settled, or so many were made."""
    for _ in range(most_files):
        data = make(at)
        bracket.note(_Tried(at, len(data), data))
        if bracket.is_settled(steps) or not deadline.left():
            return
        at = bracket.next_at(steps)
