"""Finds the lowest encoder quality that still reaches the goal, in few encodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leanpix_engine.deadline import Deadline
from leanpix_engine.targets import SEARCH_BELOW_GOAL, TOLERANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may become the output."""

    data: bytes
    how: str
    """Names the way it was made, such as "jpegli" or "oxipng"."""
    quality: float | None = None
    """The encoder's quality; None says that no pixel was changed, which verification holds it to."""
    score: float | None = None
    """What the search measured; None without a quality."""


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
    tolerance: float = TOLERANCE
    """The search is content with a score this far above the goal."""
    worth: Callable[[Sequence[Candidate]], bool] = field(default=_always)
    """Whether to try this way at all, seeing what the ways before it found."""


def climb(ladder: Ladder, goal: float, score: Callable[[bytes], float], deadline: Deadline) -> Candidate:
    """The smallest quality found whose score is at least `goal`, or the best that was found below it.

    Regula falsi with the ladder's slope until the goal is bracketed, then between the two ends. It ends at a
    score at most the ladder's tolerance above the goal, or when the encodes or the time are used up; some more encodes
    are spent where all were below the goal.

    Raises:
        Refused: `TIMEOUT` before anything was found.
    """
    aim = goal + ladder.margin
    below: Candidate | None = None
    above: Candidate | None = None
    quality = _on_grid(ladder, ladder.start)
    tried: set[float] = set()
    longest = 0.0
    while quality not in tried and len(tried) < ladder.max_encodes + (0 if above else _MORE_ENCODES):
        if (above or below) and deadline.left() < 2 * longest:
            break
        deadline.check()
        started = time.monotonic()
        tried.add(quality)
        data = ladder.encode(quality)
        reached = score(data)
        longest = max(longest, time.monotonic() - started)
        found = Candidate(data=data, how=ladder.how, quality=quality, score=reached)
        if reached < aim - SEARCH_BELOW_GOAL:
            below = found
        else:
            above = found
            if reached <= aim + ladder.tolerance:
                break
        quality = _on_grid(ladder, _next(ladder, aim, below, above))
    best = above or below
    assert best is not None
    return best


_MORE_ENCODES = 3


def _on_grid(ladder: Ladder, quality: float) -> float:
    return min(ladder.high, max(ladder.low, round(quality / ladder.step) * ladder.step))


def _next(ladder: Ladder, aim: float, below: Candidate | None, above: Candidate | None) -> float:
    """Where to look next; a quality already tried says that there is nothing left to look for."""
    if below and above:
        (low, low_score), (high, high_score) = _point(below), _point(above)
        if high - low <= ladder.step:
            return high
        share = (aim - low_score) / max(high_score - low_score, 1e-6)
        return min(high - ladder.step, max(low + ladder.step, low + share * (high - low)))
    known = below or above
    assert known is not None
    quality, reached = _point(known)
    move = (aim - reached) / ladder.slope
    if abs(move) < ladder.step:
        move = ladder.step if below else -ladder.step
    return quality + move


def _point(candidate: Candidate) -> tuple[float, float]:
    assert candidate.quality is not None and candidate.score is not None
    return candidate.quality, candidate.score
