"""Search a slow encoder's quality by quick encodes that stand for its own.

A quick encode scores a little below the final one, by much the same at every quality of an image.
So the quick ones only say where to look; a final encode is made at the quality that they predict,
scored itself, and made again where the prediction was wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from leanpix_engine.limits import Deadline
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.ladder import (
    WORST_SCORE,
    Attempt,
    Candidate,
    Ladder,
    Score,
    measured_slope,
)
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL

_FINAL_ENCODES = 4
"""At most; no more than two once one is good."""
_SLOPE_RANGE = 2.0
"""The factor by which an image's slope may differ from the usual one."""
_AIM_ABOVE_GOAL = 0.3
"""A prediction is off by 0.7 (standard deviation): without this, one in four is made twice."""
SCORE_PER_E = 30.0
"""Points of score by which bytes fall by e, roughly, for every encoder."""


def _as_it_is(data: bytes) -> bytes:
    return data


def _never() -> float:
    return math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageLadder(Ladder):
    """A ladder of which `encode` is quick and `finish` encodes anew, slowly.

    `slope` and `reach` count steps from one of `qualities` to the next.
    """

    shown: Callable[[bytes], bytes | Picture] = field(default=_as_it_is)
    """What is scored of a file: the picture that it decodes to, where the encoder knows it."""
    qualities: Sequence[int]
    """The qualities that the encoder tells apart, rising; one below a sudden rise of the score
    stands for as many steps as that is worth."""
    reach: float
    """So near to a quick attempt a final encode needs no quick one of its own."""
    too_good: float
    """A final score this far above the goal is worth another final encode."""
    hopeless_above: Callable[[], float] = field(default=_never)
    """Bytes from which on a quick file is returned as it is: other ways are smaller by far."""

    def climb(self, goal: float, score: Score, deadline: Deadline) -> tuple[Candidate, bool]:
        """Return the final encoder's file for the goal, and whether it reaches it.

        Raises:
            Refused: `TIMEOUT` before anything was found.
        """
        aim = goal + _AIM_ABOVE_GOAL
        quick = _quick_attempts(self, aim + self.margin, score, deadline)
        if _is_hopeless(self, quick[-1], aim):
            return _result(self, quick[-1], goal)
        slope = measured_slope(quick, self.slope, _SLOPE_RANGE)
        step = _next_step(self, quick[-1], aim + self.margin, slope)
        final: list[_Encoded] = []
        while not _is_known(self, step, final):
            data = self.finish(quick[-1].data, self.qualities[step])
            latest = _Encoded(step, max(score(self.shown(data)), WORST_SCORE), data)
            final.append(latest)
            settled = _is_settled(self, final, goal)
            if len(final) == _FINAL_ENCODES or settled or not deadline.left():
                break
            slope = measured_slope(final, self.slope, _SLOPE_RANGE) if len(final) > 1 else slope
            step = _next_step(self, latest, goal, slope)
            if latest.score < goal:
                step = max(step, bisect_right(self.qualities, self.qualities[latest.at]))
                step = min(step, len(self.qualities) - 1)
        return _result(self, _best(final, goal), goal)


@dataclass(frozen=True, slots=True)
class _Encoded(Attempt):
    """An attempt at a step of the ladder's qualities, with its file."""

    at: int
    data: bytes


def _result(ladder: TwoStageLadder, best: _Encoded, goal: float) -> tuple[Candidate, bool]:
    found = Candidate(
        data=best.data, how=ladder.how, quality=ladder.qualities[best.at], score=best.score
    )
    return found, best.score >= goal - FLOOR_BELOW_GOAL


def _quick_attempts(
    ladder: TwoStageLadder, aim: float, score: Score, deadline: Deadline
) -> list[_Encoded]:
    """Encode quickly until one attempt is so near that the rest of the way can be predicted."""
    attempts: list[_Encoded] = []
    step = min(bisect_left(ladder.qualities, ladder.start), len(ladder.qualities) - 1)
    while len(attempts) < ladder.max_encodes and not _is_known(ladder, step, attempts):
        deadline.check()
        data = ladder.encode(ladder.qualities[step])
        latest = _Encoded(step, max(score(ladder.shown(data)), WORST_SCORE), data)
        attempts.append(latest)
        slope = measured_slope(attempts, ladder.slope, _SLOPE_RANGE)
        step = _next_step(ladder, latest, aim, slope)
        if abs(step - latest.at) <= ladder.reach or _is_hopeless(ladder, latest, aim):
            break
    return attempts


def _is_hopeless(ladder: TwoStageLadder, quick: _Encoded, aim: float) -> bool:
    """Return True where other ways are smaller by far than this file would be at the aim."""
    at_aim = len(quick.data) * math.exp((aim - quick.score) / SCORE_PER_E)
    return at_aim > ladder.hopeless_above()


def _is_known(ladder: TwoStageLadder, step: int, attempts: list[_Encoded]) -> bool:
    return any(ladder.qualities[step] == ladder.qualities[known.at] for known in attempts)


def _is_settled(ladder: TwoStageLadder, final: list[_Encoded], goal: float) -> bool:
    """Return True where the last final encode is near enough, or no other is worth its time."""
    above = final[-1].score - goal
    if -FLOOR_BELOW_GOAL <= above <= ladder.too_good or final[-1].score <= WORST_SCORE:
        return True
    is_good = [known.score >= goal - FLOOR_BELOW_GOAL for known in final]
    return len(final) > 1 and any(is_good)


def _best(final: list[_Encoded], goal: float) -> _Encoded:
    """Return the lowest quality at the goal; where none is, the one that came closest."""
    good = [known for known in final if known.score >= goal - FLOOR_BELOW_GOAL]
    if good:
        return min(good, key=lambda known: known.at)
    return max(final, key=lambda known: known.score)


def _next_step(ladder: TwoStageLadder, known: _Encoded, aim: float, slope: float) -> int:
    """Return the step at which the score is expected to be the aim."""
    step = known.at + round((aim - known.score) / slope)
    return min(len(ladder.qualities) - 1, max(0, step))
