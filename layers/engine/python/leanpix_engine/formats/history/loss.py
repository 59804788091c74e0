"""Say how much of a quality goal is left for a source that has lost some already.

Losses of independent encodings add like errors: in squares. A source that scores 90 against its
original is 10 points away from it; for a goal 23 points away, the square root of 23^2 - 10^2 is
left. On chains of JPEG, WebP and AVIF this foretells the last score within two points
(`docs/decisions/0039-never-twice.md`).
"""

from __future__ import annotations

import math
from typing import Final

PRISTINE: Final = 100.0
"""The score of a source that shows no loss."""
SPENT: Final = -1000.0
"""The score of a source that leaves nothing for any goal."""
LEAN_ABOVE: Final = 90.0
"""A goal above this is not worth a lossy encoding: lossless ways save as much."""
_FORGOTTEN_BELOW_SHARE: Final = 0.6
"""An image reduced to less than this share of its width shows none of its earlier loss."""


def combine(*scores: float) -> float:
    """Return the score after several losses, each of which scored alone against its source."""
    return PRISTINE - math.hypot(*(PRISTINE - min(score, PRISTINE) for score in scores))


def goal_after(goal: float, source_score: float, *, scale: float = 1.0) -> float:
    """Return the score against the source that keeps the goal against the source's original.

    Args:
        goal: the score to keep against the original.
        source_score: the source's own score against it.
        scale: the output's width as a share of the source's.

    Returns:
        The goal itself for a pristine source; 100 where nothing may be lost any more.
    """
    if scale < _FORGOTTEN_BELOW_SHARE:
        return goal
    left = (PRISTINE - goal) ** 2 - (PRISTINE - min(source_score, PRISTINE)) ** 2
    return PRISTINE - math.sqrt(max(0.0, left))
