"""Finds the lowest encoder quality that still reaches the goal, in few encodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leanpix_engine.deadline import Deadline
from leanpix_engine.targets import FLOOR_BELOW_GOAL, SEARCH_BELOW_GOAL, TOLERANCE

_REFINEMENTS = 3
"""Final encodes at most, where a ladder's quick ones only stand for them."""
_MORE_ENCODES = 3
"""Allowed beyond the ladder's own number while nothing is near the goal from above."""
_FAR_ABOVE = 2.0
_WORST_SCORE = -1000.0
"""Stands for files that cannot be scored at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may become the output."""

    data: bytes
    how: str
    """Names the way it was made, such as "jpegli" or "oxipng"."""
    quality: float | None = None
    """The encoder's quality; None claims that no pixel was changed, which is verified."""
    score: float | None = None
    """What the search measured; None without a quality."""


def _as_it_is(data: bytes, _quality: float) -> bytes:
    return data


def _always(_found: Sequence[Candidate]) -> bool:
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
    finish: Callable[[bytes, float], bytes] = field(default=_as_it_is)
    """The final file from the quick one and its quality; may encode again with slower settings."""
    margin: float = 0.0
    """Added to the goal, where `finish` costs some of the score."""
    refines: bool = False
    """`finish` encodes anew: its file is scored too, and made again where it is too low."""
    tolerance: float = TOLERANCE
    """The search is content with a score this far above the goal."""
    worth: Callable[[Sequence[Candidate]], bool] = field(default=_always)
    """Whether to try this way at all, seeing what the ways before it found."""


@dataclass(frozen=True, slots=True)
class _Try:
    quality: float
    score: float
    data: bytes


def climb(
    ladder: Ladder, goal: float, score: Callable[[bytes], float], deadline: Deadline
) -> tuple[Candidate, bool]:
    """Return the file of the lowest quality found that reaches the goal, and whether it does.

    Where none reaches it, the file that came closest. Regula falsi with the ladder's slope until
    the goal is bracketed, then between the two ends. It ends at a score at most the ladder's
    tolerance above the goal, or when the encodes or the time are used up; some more encodes are
    spent where none came near it from above.

    Raises:
        Refused: `TIMEOUT` before anything was found.
    """
    aim = goal + ladder.margin
    below: _Try | None = None
    above: _Try | None = None
    quality = _on_grid(ladder, ladder.start)
    tried: set[float] = set()
    longest = 0.0
    while quality not in tried:
        far = above is None or above.score > aim + _FAR_ABOVE
        if len(tried) >= ladder.max_encodes + (_MORE_ENCODES if far else 0):
            break
        if (above or below) and deadline.left() < 2 * longest:
            break
        deadline.check()
        started = time.monotonic()
        tried.add(quality)
        data = ladder.encode(quality)
        if below and data == below.data:
            break  # the encoder gives all it has
        latest = _Try(quality, max(score(data), _WORST_SCORE), data)
        longest = max(longest, time.monotonic() - started)
        if latest.score < aim - SEARCH_BELOW_GOAL:
            below = latest
        else:
            above = latest
            if latest.score <= aim + ladder.tolerance:
                break
        quality = _on_grid(ladder, _next(ladder, aim, below, above))
    best = above or below or latest
    if ladder.refines:
        return _refined(ladder, best, goal, score, deadline)
    data = ladder.finish(best.data, best.quality)
    found = Candidate(data=data, how=ladder.how, quality=best.quality, score=best.score)
    return found, best.score >= aim - FLOOR_BELOW_GOAL


def _refined(
    ladder: Ladder,
    best: _Try,
    goal: float,
    score: Callable[[bytes], float],
    deadline: Deadline,
) -> tuple[Candidate, bool]:
    """Encode for good, at a higher quality where the final encoder scores below the floor."""
    quality = best.quality
    for attempt in range(_REFINEMENTS):
        data = ladder.finish(best.data, quality)
        reached = score(data)
        done = reached >= goal - FLOOR_BELOW_GOAL or quality >= ladder.high
        if done or attempt == _REFINEMENTS - 1 or deadline.left() <= 0:
            break
        missing = max(ladder.step, (goal - reached) / ladder.slope)
        quality = _on_grid(ladder, quality + missing + ladder.step * attempt)
    found = Candidate(data=data, how=ladder.how, quality=quality, score=reached)
    return found, reached >= goal - FLOOR_BELOW_GOAL


def _on_grid(ladder: Ladder, quality: float) -> float:
    return min(ladder.high, max(ladder.low, round(quality / ladder.step) * ladder.step))


def _next(ladder: Ladder, aim: float, below: _Try | None, above: _Try | None) -> float:
    """Where to look next; a quality already tried says that there is nothing left to look for."""
    if below and above:
        if above.quality - below.quality <= ladder.step:
            return above.quality
        rise = max(above.score - below.score, 1e-6)
        share = (aim - below.score) / rise
        guess = below.quality + share * (above.quality - below.quality)
        return min(above.quality - ladder.step, max(below.quality + ladder.step, guess))
    known = below or above
    if known is None:
        return ladder.start
    move = (aim - known.score) / ladder.slope
    if abs(move) < ladder.step:
        move = ladder.step if below else -ladder.step
    return known.quality + move
