"""The scores to aim at, as SSIMULACRA2 (100 identical, 90 visually lossless, 70 good).

`medium` and `high` are what libjpeg-turbo's fixed qualities 80 and 60 give on average, held on
every image.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from leanpix_engine.model import Level, Options

LEVEL_SCORES = {Level.MEDIUM: 77.0, Level.HIGH: 65.0}

LEAST_SCORE = 30.0
"""The score that a file must reach that has to fit into so many bytes; below it images fall
apart (SSIMULACRA2 calls 30 "low quality")."""
LEAST_LEFT = 0.0
"""What rules and other opinions must leave of it: alpha stays, but a sky may get steps."""
VISUALLY_LOSSLESS = 90.0
"""The goal of a lossless request that must change pixels in a format that has no lossless form."""

FLOOR_BELOW_GOAL = 0.5
"""An output may score this much less than its goal; below it the next candidate is taken."""
SEARCH_BELOW_GOAL = 0.3
"""The search is content this far below the goal."""
TOLERANCE = 0.3
"""The search is content this far above the goal: half a step of most encoders' qualities."""

# (quality of libjpeg-turbo, mean ss2 over 16 photos), by `python -m benchmarks.quality_curve
# corpus/photos`.
_CURVE = (
    (1, -64.7),
    (5, -57.2),
    (10, -18.6),
    (15, 8.7),
    (20, 25.9),
    (30, 44.2),
    (40, 54.3),
    (50, 60.6),
    (60, 65.2),
    (70, 71.0),
    (75, 73.7),
    (80, 76.9),
    (85, 80.8),
    (90, 87.1),
    (92, 90.5),
    (94, 92.1),
    (96, 93.2),
    (100, 94.8),
)


def goal_of(options: Options) -> float | None:
    """Return the score to reach; None where the pixels have to stay as they are."""
    if options.quality is not None:
        return score_of_quality(options.quality)
    return LEVEL_SCORES.get(options.level)


def score_of_quality(quality: float) -> float:
    """Return the mean ss2 of libjpeg-turbo's `quality` over photos."""
    return interpolated(_CURVE, quality)


def interpolated(curve: Sequence[tuple[float, float]], x: float) -> float:
    """Return the value at `x` of a curve of rising points; beyond an end, the end's value."""
    if x <= curve[0][0]:
        return curve[0][1]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return curve[-1][1]
