"""Finds the lowest encoder quality that still reaches the goal, in few encodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leanpix_engine.deadline import Deadline
from leanpix_engine.targets import SEARCH_BELOW_GOAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may become the output."""

    data: bytes
    how: str
    """Names the way it was made, such as "jpegli" or "oxipng"."""
    quality: float | None = None
    """The encoder's quality; None says that no pixel was changed, which verification holds it to."""
    score: float | None = None
    """What the search measured."""


def _keep(data: bytes, quality: float) -> bytes:
    return data


def _always(found: Sequence[Candidate]) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One lossy way to encode a picture, with one quality to turn."""

    how: str
    encode: Callable[[float], bytes]
    """A file at a quality, quickly made."""
    low: float
    high: float
    start: float
    """Where to look first: the usual answer for the goal."""
    slope: float = 1.0
    """Usual change of score per step of quality near `start`."""
    step: float = 1.0
    """Qualities are multiples of this."""
    max_encodes: int = 4
    finish: Callable[[bytes, float], bytes] = field(default=_keep)
    """The final file from the quick one and its quality; may encode again with slower settings."""
    margin: float = 0.0
    """Added to the goal, where `finish` costs some of the score."""
    worth: Callable[[Sequence[Candidate]], bool] = field(default=_always)
    """Whether to try this way at all, seeing what the ways before it found."""


def climb(ladder: Ladder, goal: float, score: Callable[[bytes], float], deadline: Deadline) -> Candidate | None:
    """The smallest quality found whose score is at least `goal` (less a tolerance), or None.

    Regula falsi with the ladder's slope until the goal is bracketed, then between the two ends.
    """
    aim = goal + ladder.margin
    enough = aim - SEARCH_BELOW_GOAL
    below: tuple[float, float] | None = None
    above: tuple[float, float] | None = None
    best: Candidate | None = None
    quality = ladder.start
    tried: set[float] = set()
    for _ in range(ladder.max_encodes):
        quality = min(ladder.high, max(ladder.low, round(quality / ladder.step) * ladder.step))
        if quality in tried:
            break
        tried.add(quality)
        deadline.check()
        data = ladder.encode(quality)
        reached = score(data)
        if reached >= enough:
            above = (quality, reached)
            best = Candidate(data=data, how=ladder.how, quality=quality, score=reached)
            if reached <= aim + SEARCH_BELOW_GOAL or quality <= ladder.low:
                break
        else:
            below = (quality, reached)
            if quality >= ladder.high:
                break
        quality = _next(ladder, aim, below, above)
    return best


def _next(
    ladder: Ladder, aim: float, below: tuple[float, float] | None, above: tuple[float, float] | None
) -> float:
    if below and above:
        (low, low_score), (high, high_score) = below, above
        if high - low <= ladder.step:
            return high
        share = (aim - low_score) / max(high_score - low_score, 1e-6)
        guess = low + share * (high - low)
        return min(high - ladder.step, max(low + ladder.step, guess))
    known = below or above
    assert known is not None
    move = (aim - known[1]) / ladder.slope
    if abs(move) < ladder.step:
        move = ladder.step if below else -ladder.step
    return known[0] + move
