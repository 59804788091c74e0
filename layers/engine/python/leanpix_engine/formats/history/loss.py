"""Say how much of a quality goal is left for a source that has lost some already.

Losses of the same coding add like errors, in squares; those of two codings hide each other a
little and add with the exponent 2.5. Measured on chains of JPEG with JPEG, and of JPEG with WebP:
errors of -0.3 +- 1.2 and -0.1 +- 0.9 points (`docs/decisions/0039-never-twice.md`).
"""

from __future__ import annotations

from typing import Final

PRISTINE: Final = 100.0
"""The score of a source that shows no loss."""
SPENT: Final = -1000.0
"""The score of a source that leaves nothing for any goal."""
LEAN_ABOVE: Final = 90.0
"""A goal above this is not worth a lossy encoding: lossless ways save as much."""
_GIVEN: Final = 1.5
"""Points below its goal that an output may be against the source's original: without them, a
camera's JPEG at quality 92 would cost a tenth more bytes."""
_EXPONENT_OF_SAME, _EXPONENT_OF_OTHER = 2.0, 2.5
"""By which losses add where the output is coded as its source was, and where it is not."""
_FORGOTTEN_BELOW_SHARE: Final = 0.6
"""An image reduced to less than this share of its width shows none of its earlier loss."""


def combine(*scores: float, exponent: float = _EXPONENT_OF_SAME) -> float:
    """Return the score after several losses, each of which scored alone against its source."""
    lost = sum((PRISTINE - min(score, PRISTINE)) ** exponent for score in scores)
    return float(PRISTINE - lost ** (1 / exponent))


def goal_after(
    goal: float, source_score: float, *, scale: float = 1.0, same_coding: bool = True
) -> float:
    """Return the score against the source that keeps the goal against the source's original.

    Args:
        goal: the score to keep against the original, but for 1.5 points.
        source_score: the source's own score against it.
        scale: the output's width as a share of the source's.
        same_coding: whether the output has the source's format.

    Returns:
        The goal itself for a pristine source, and for one that lost little; 100 where nothing may
        be lost any more.
    """
    if scale < _FORGOTTEN_BELOW_SHARE:
        return goal
    exponent = _EXPONENT_OF_SAME if same_coding else _EXPONENT_OF_OTHER
    whole = (PRISTINE - goal + _GIVEN) ** exponent
    lost = (PRISTINE - min(source_score, PRISTINE)) ** exponent
    left = max(0.0, whole - lost) ** (1 / exponent)
    return float(PRISTINE - min(left, PRISTINE - goal))
