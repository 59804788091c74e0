"""The search of a slow encoder's quality by quick encodes that stand for its own.

A quick encode scores a little below the slow one, by much the same at every quality of an image.
So the quick ones only say where to look; a slow encode is made at the quality they foretell,
scored itself, and made again where that was wrong.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from leanpix_engine.deadline import Deadline
from leanpix_engine.search.ladder import WORST_SCORE, Candidate, Ladder
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL

_SLOW_ENCODES = 4
"""At most; no more than two once one is good."""
_SLOPE_RANGE = 2.0
"""How many times flatter or steeper than usual an image may be."""
_AIM_ABOVE_GOAL = 0.3
"""What is foretold is off by 0.7 (standard deviation): without this, one in four is made twice."""
_SCORE_PER_E = 30.0
"""Points of score by which bytes fall by e, roughly, for every encoder."""


def _never() -> float:
    return math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStageLadder(Ladder):
    """A ladder of which `encode` is quick and `finish` encodes anew, slowly.

    `slope` and `reach` count steps from one of `qualities` to the next.
    """

    qualities: Sequence[int]
    """What the encoder tells apart, rising; one below a sudden rise of the score stands for as
    many steps as that is worth."""
    reach: float
    """So near to a quick try a slow encode needs no quick one of its own."""
    too_good: float
    """A final score this far above the goal is worth another slow encode."""
    hopeless_above: Callable[[], float] = field(default=_never)
    """Bytes from which on a quick file is returned as it is: other ways are smaller by far."""


@dataclass(frozen=True, slots=True)
class _Try:
    step: int
    score: float
    data: bytes


def climb(
    ladder: TwoStageLadder, goal: float, score: Callable[[bytes], float], deadline: Deadline
) -> tuple[Candidate, bool]:
    """Return the slow encoder's file for the goal, and whether it reaches it.

    Raises:
        Refused: `TIMEOUT` before anything was found.
    """
    aim = goal + _AIM_ABOVE_GOAL
    quick = _quick_tries(ladder, aim + ladder.margin, score, deadline)
    if _hopeless(ladder, quick[-1], aim):
        return _result(ladder, quick[-1], goal)
    slope = _slope(ladder, quick)
    step = _next(ladder, quick[-1], aim + ladder.margin, slope)
    slow: list[_Try] = []
    while not _known(ladder, step, slow):
        data = ladder.finish(quick[-1].data, ladder.qualities[step])
        latest = _Try(step, max(score(data), WORST_SCORE), data)
        slow.append(latest)
        if len(slow) == _SLOW_ENCODES or _settled(ladder, slow, goal) or not deadline.left():
            break
        slope = _slope(ladder, slow) if len(slow) > 1 else slope
        step = _next(ladder, latest, goal, slope)
        if latest.score < goal:
            step = max(step, bisect_right(ladder.qualities, ladder.qualities[latest.step]))
            step = min(step, len(ladder.qualities) - 1)
    return _result(ladder, _best(slow, goal), goal)


def _result(ladder: TwoStageLadder, best: _Try, goal: float) -> tuple[Candidate, bool]:
    found = Candidate(
        data=best.data, how=ladder.how, quality=ladder.qualities[best.step], score=best.score
    )
    return found, best.score >= goal - FLOOR_BELOW_GOAL


def effort_within(
    seconds_per_megapixel: Mapping[int, float], megapixels: float, seconds: float
) -> int:
    """The first effort of a table that is done in time, or else its last."""
    for effort, cost in seconds_per_megapixel.items():
        if cost * megapixels <= seconds:
            return effort
    return effort


def _quick_tries(
    ladder: TwoStageLadder, aim: float, score: Callable[[bytes], float], deadline: Deadline
) -> list[_Try]:
    """Quick encodes, until one is so near that the rest of the way can be foretold."""
    tries: list[_Try] = []
    step = min(bisect_left(ladder.qualities, ladder.start), len(ladder.qualities) - 1)
    while len(tries) < ladder.max_encodes and not _known(ladder, step, tries):
        deadline.check()
        data = ladder.encode(ladder.qualities[step])
        tries.append(_Try(step, max(score(data), WORST_SCORE), data))
        step = _next(ladder, tries[-1], aim, _slope(ladder, tries))
        if abs(step - tries[-1].step) <= ladder.reach or _hopeless(ladder, tries[-1], aim):
            break
    return tries


def _hopeless(ladder: TwoStageLadder, quick: _Try, aim: float) -> bool:
    """True where other ways are smaller by far, at what this file's size would be at the aim."""
    at_aim = len(quick.data) * math.exp((aim - quick.score) / _SCORE_PER_E)
    return at_aim > ladder.hopeless_above()


def _known(ladder: TwoStageLadder, step: int, tries: list[_Try]) -> bool:
    return any(ladder.qualities[step] == ladder.qualities[known.step] for known in tries)


def _settled(ladder: TwoStageLadder, slow: list[_Try], goal: float) -> bool:
    """True where the last slow encode is near enough, or no other is worth its time."""
    above = slow[-1].score - goal
    if -FLOOR_BELOW_GOAL <= above <= ladder.too_good or slow[-1].score <= WORST_SCORE:
        return True
    is_good = [known.score >= goal - FLOOR_BELOW_GOAL for known in slow]
    return len(slow) > 1 and any(is_good)


def _best(slow: list[_Try], goal: float) -> _Try:
    """The lowest quality at the goal; where none is, what came closest."""
    good = [known for known in slow if known.score >= goal - FLOOR_BELOW_GOAL]
    if good:
        return min(good, key=lambda known: known.step)
    return max(slow, key=lambda known: known.score)


def _slope(ladder: TwoStageLadder, tries: list[_Try]) -> float:
    """Change of score per step between the last two tries, where it is believable."""
    if len(tries) == 1:
        return ladder.slope
    before, last = tries[-2:]
    measured = (last.score - before.score) / (last.step - before.step)
    return min(max(measured, ladder.slope / _SLOPE_RANGE), ladder.slope * _SLOPE_RANGE)


def _next(ladder: TwoStageLadder, known: _Try, aim: float, slope: float) -> int:
    """The step at which the score is expected to be the aim."""
    step = known.step + round((aim - known.score) / slope)
    return min(len(ladder.qualities) - 1, max(0, step))
