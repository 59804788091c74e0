"""The visual quality to aim at, as SSIMULACRA2 (100 identical, 90 no difference seen in flicker, 70 good).

`medium` and `high` are what fixed qualities 80 and 60 give on average (see ENGINE measurements in
`benchmarks/RESULTS.md`), held on every image.
"""

from __future__ import annotations

from leanpix_engine.model import Level, Options

LEVEL_SCORES = {Level.MEDIUM: 77.0, Level.HIGH: 65.0}

FLOOR_BELOW_GOAL = 0.5
"""An output may score this much less than its goal; below it the next candidate is taken."""
SEARCH_BELOW_GOAL = 0.15
"""The search is content this far below the goal."""

# (quality of libjpeg-turbo, mean ss2 over photos). Measured by `python -m benchmarks.quality_curve`.
_CURVE = (
    (1, -60.0),
    (10, 10.0),
    (20, 36.0),
    (30, 48.0),
    (40, 55.5),
    (50, 60.5),
    (60, 65.0),
    (70, 70.5),
    (80, 77.0),
    (90, 84.5),
    (95, 89.0),
    (100, 94.0),
)


def goal_of(options: Options) -> float | None:
    """The score to reach; None where the pixels have to stay what they are."""
    if options.quality is not None:
        return score_of_quality(options.quality)
    return LEVEL_SCORES.get(options.level)


def score_of_quality(quality: int) -> float:
    """The mean ss2 of libjpeg-turbo's `quality` over photos, interpolated."""
    for (low, low_score), (high, high_score) in zip(_CURVE, _CURVE[1:], strict=False):
        if quality <= high:
            share = (quality - low) / (high - low)
            return low_score + share * (high_score - low_score)
    return _CURVE[-1][1]
