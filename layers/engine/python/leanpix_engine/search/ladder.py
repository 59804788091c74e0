"""Search the lowest quality of an encoder that reaches the goal, in few encodes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from leanpix_engine.limits import Deadline
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, SEARCH_BELOW_GOAL, TOLERANCE

Score = Callable[[bytes | Picture], float]
"""The score of a file, or of what it will decode to."""

_MORE_ENCODES = 3
"""Allowed beyond the ladder's own number while nothing is near the goal from above."""
_FAR_ABOVE = 2.0
_SLOPE_RANGE = 4.0
"""The factor by which an image's slope may differ from the usual one."""
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
    """The score that the search measured; None without a quality."""
    finish: Callable[[], bytes] | None = None
    """How the file of a way that missed the goal is made final, should it be taken after all."""

    def finished(self) -> bytes:
        """Return the final file."""
        return self.data if self.finish is None else self.finish()


def _as_it_is(data: bytes, _quality: float) -> bytes:
    return data


def always(_found: Sequence[Candidate]) -> bool:
    """Return True: `Ladder.worth` of a way that is tried on every picture."""
    return True


def unless_found(found: Sequence[Candidate]) -> bool:
    """Return True where all ways before this one missed the goal: a `Ladder.worth`."""
    return not found


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """One lossy way to encode a picture, with one quality to turn."""

    how: str
    encode: Callable[[float], bytes]
    """A file at a quality, quickly made."""
    preview: Callable[[float], Picture] | None = None
    """The picture that the file decodes to, where it can be known without making the file."""
    low: float
    high: float
    start: float
    """The quality to try first: the usual answer for the goal."""
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
    """The decision to try this way at all, seeing what the ways before it found."""

    def climb(self, goal: float, score: Score, deadline: Deadline) -> tuple[Candidate, bool]:
        """Return the file of the lowest quality found that reaches the goal, and whether it does.

        Where none reaches it, the file that came closest. The slope of the last two attempts (at
        first the ladder's) leads until the goal is bracketed, then regula falsi between the two
        ends. The search ends at a score at most the ladder's tolerance above the goal, or when the
        encodes or the time are used up; some more encodes are spent where none came near it from
        above.

        Raises:
            Refused: `TIMEOUT` before anything was found.
        """
        best = _search(self, goal, score, deadline).best
        data = self.encode(best.at) if best.data is None else best.data
        found = Candidate(data=data, how=self.how, quality=best.at, score=best.score)
        finish = partial(self.finish, data, best.at)
        if best.score < goal + self.margin - FLOOR_BELOW_GOAL:
            return replace(found, finish=finish), False
        return replace(found, data=finish()), True

    def locate(self, goal: float, score: Score, deadline: Deadline) -> tuple[float, float]:
        """Return the lowest quality found that reaches the goal, and the slope of scores there.

        The same search as `climb`, for a sample of a picture: no file is made for good.

        Raises:
            Refused: `TIMEOUT` before anything was found.
        """
        found = _search(self, goal, score, deadline)
        return found.best.at, found.slope


@dataclass(frozen=True, slots=True)
class Attempt:
    """One encode of a search, and its score."""

    at: float
    """The quality, or the number of its step."""
    score: float
    data: bytes | None
    """The file; None where only a preview was made."""


def measured_slope(attempts: Sequence[Attempt], usual: float, most_times: float) -> float:
    """Return the change of score per step between the last two attempts.

    It is kept within `most_times` of the usual one, which stands for it after one attempt.
    """
    if len(attempts) == 1:
        return usual
    before, last = attempts[-2:]
    measured = (last.score - before.score) / (last.at - before.at)
    return min(max(measured, usual / most_times), usual * most_times)


@dataclass(frozen=True, slots=True)
class _Found:
    best: Attempt
    slope: float


def _search(ladder: Ladder, goal: float, score: Score, deadline: Deadline) -> _Found:
    aim = goal + ladder.margin
    below: Attempt | None = None
    above: Attempt | None = None
    attempts: list[Attempt] = []
    quality, slope = _on_grid(ladder, ladder.start), ladder.slope
    tried: set[float] = set()
    longest = 0.0
    while quality not in tried:
        far = above is None or above.score > aim + _FAR_ABOVE
        if len(tried) >= ladder.max_encodes + (_MORE_ENCODES if far else 0):
            break
        if attempts and deadline.left() < 2 * longest:
            break
        deadline.check()
        started = time.monotonic()
        tried.add(quality)
        latest = _attempt(ladder, quality, score)
        if below and latest.data is not None and latest.data == below.data:
            break  # the encoder gives all it has
        longest = max(longest, time.monotonic() - started)
        attempts = [*attempts[-1:], latest]
        if latest.score < aim - SEARCH_BELOW_GOAL:
            below = latest
        else:
            above = latest
            if latest.score <= aim + ladder.tolerance:
                break
        slope = measured_slope(attempts, ladder.slope, _SLOPE_RANGE)
        quality = _on_grid(ladder, _next_quality(ladder, aim, slope, below, above))
    return _Found(above or below or latest, slope)


def _attempt(ladder: Ladder, quality: float, score: Score) -> Attempt:
    """Try one quality; a preview is let go of at once, for it may be large."""
    made = ladder.preview(quality) if ladder.preview else ladder.encode(quality)
    data = made if isinstance(made, bytes) else None
    return Attempt(quality, max(score(made), WORST_SCORE), data)


def _on_grid(ladder: Ladder, quality: float) -> float:
    return min(ladder.high, max(ladder.low, round(quality / ladder.step) * ladder.step))


def _next_quality(
    ladder: Ladder, aim: float, slope: float, below: Attempt | None, above: Attempt | None
) -> float:
    """Return the quality to try next; one that was tried already ends the search."""
    if below and above:
        if above.at - below.at <= ladder.step:
            return above.at
        rise = max(above.score - below.score, 1e-6)
        share = (aim - below.score) / rise
        guess = below.at + share * (above.at - below.at)
        return min(above.at - ladder.step, max(below.at + ladder.step, guess))
    known = below or above
    if known is None:
        return ladder.start
    move = (aim - known.score) / slope
    if abs(move) < ladder.step:
        move = ladder.step if below else -ladder.step
    return known.at + move
