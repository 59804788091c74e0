"""Finds the lowest encoder quality that still reaches the goal, in few encodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leanpix_engine.deadline import Deadline
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, SEARCH_BELOW_GOAL, TOLERANCE

_MORE_ENCODES = 3
"""Allowed beyond the ladder's own number while nothing is near the goal from above."""
_FAR_ABOVE = 2.0
_SLOPE_RANGE = 4.0
"""How many times flatter or steeper than usual an image may be."""
WORST_SCORE = -1000.0
"""Stands for files that cannot be scored at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that may become the output."""

    data: bytes
    how: str
    """Names the way it was made, such as "mozjpeg lossless" or "oxipng"."""
    quality: float | None = None
    """The encoder's quality; None claims that no pixel was changed, which is verified."""
    score: float | None = None
    """What the search measured; None without a quality."""


def _as_it_is(data: bytes, _quality: float) -> bytes:
    return data


def always(_found: Sequence[Candidate]) -> bool:
    """`Ladder.worth` of a way that is tried on every picture."""
    return True


def unless_found(found: Sequence[Candidate]) -> bool:
    """`Ladder.worth` of a way that is tried where those before it all missed the goal."""
    return not found


def count_at(quality: float) -> int:
    """The number of colours or levels of a ladder whose quality is 10 log2 of it."""
    return round(2 ** (quality / 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One lossy way to encode a picture, with one quality to turn."""

    how: str
    encode: Callable[[float], bytes]
    """A file at a quality, quickly made."""
    preview: Callable[[float], Picture] | None = None
    """What that file will decode to, where it can be known without making the file."""
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
    tolerance: float = TOLERANCE
    """The search is content with a score this far above the goal."""
    worth: Callable[[Sequence[Candidate]], bool] = field(default=always)
    """Whether to try this way at all, seeing what the ways before it found."""


@dataclass(frozen=True, slots=True)
class _Try:
    quality: float
    score: float
    data: bytes | None
    """None where only a preview was made."""


@dataclass(frozen=True, slots=True)
class _Found:
    best: _Try
    slope: float


def climb(
    ladder: Ladder,
    goal: float,
    score: Callable[[bytes | Picture], float],
    deadline: Deadline,
) -> tuple[Candidate, bool]:
    """Return the file of the lowest quality found that reaches the goal, and whether it does.

    Where none reaches it, the file that came closest. The slope of the last two tries (at first
    the ladder's) leads until the goal is bracketed, then regula falsi between the two ends. It
    ends at a score at most the ladder's tolerance above the goal, or when the encodes or the time
    are used up; some more encodes are spent where none came near it from above.

    Raises:
        Refused: `TIMEOUT` before anything was found.
    """
    best = _search(ladder, goal, score, deadline).best
    data = ladder.encode(best.quality) if best.data is None else best.data
    found = Candidate(
        data=ladder.finish(data, best.quality),
        how=ladder.how,
        quality=best.quality,
        score=best.score,
    )
    return found, best.score >= goal + ladder.margin - FLOOR_BELOW_GOAL


def near(
    ladder: Ladder,
    goal: float,
    score: Callable[[bytes | Picture], float],
    deadline: Deadline,
) -> tuple[float, float]:
    """Return the lowest quality found that reaches the goal, and the slope of scores around it.

    The same search as `climb`, for a sample of a picture: no file is made for good.

    Raises:
        Refused: `TIMEOUT` before anything was found.
    """
    found = _search(ladder, goal, score, deadline)
    return found.best.quality, found.slope


def _search(
    ladder: Ladder,
    goal: float,
    score: Callable[[bytes | Picture], float],
    deadline: Deadline,
) -> _Found:
    aim = goal + ladder.margin
    below: _Try | None = None
    above: _Try | None = None
    previous: _Try | None = None
    quality = _on_grid(ladder, ladder.start)
    slope = ladder.slope
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
        latest = _try(ladder, quality, score)
        if below and latest.data is not None and latest.data == below.data:
            break  # the encoder gives all it has
        longest = max(longest, time.monotonic() - started)
        if latest.score < aim - SEARCH_BELOW_GOAL:
            below = latest
        else:
            above = latest
            if latest.score <= aim + ladder.tolerance:
                break
        slope = _slope(ladder, previous, latest)
        previous = latest
        quality = _on_grid(ladder, _next(ladder, aim, slope, below, above))
    return _Found(above or below or latest, slope)


def _try(ladder: Ladder, quality: float, score: Callable[[bytes | Picture], float]) -> _Try:
    """One quality; a preview is let go of at once, for it may be large."""
    made = ladder.preview(quality) if ladder.preview else ladder.encode(quality)
    data = made if isinstance(made, bytes) else None
    return _Try(quality, max(score(made), WORST_SCORE), data)


def _on_grid(ladder: Ladder, quality: float) -> float:
    return min(ladder.high, max(ladder.low, round(quality / ladder.step) * ladder.step))


def _slope(ladder: Ladder, previous: _Try | None, latest: _Try) -> float:
    """Change of score per step between the last two tries, where it is believable."""
    if previous is None:
        return ladder.slope
    measured = (latest.score - previous.score) / (latest.quality - previous.quality)
    return min(max(measured, ladder.slope / _SLOPE_RANGE), ladder.slope * _SLOPE_RANGE)


def _next(
    ladder: Ladder, aim: float, slope: float, below: _Try | None, above: _Try | None
) -> float:
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
    move = (aim - known.score) / slope
    if abs(move) < ladder.step:
        move = ladder.step if below else -ladder.step
    return known.quality + move
