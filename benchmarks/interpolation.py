"""Interpolate a codec's size at a given score between its own encodes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, order=True)
class Rung:
    """One encode of an image: its quality, its size and its score."""

    quality: int
    bytes: int
    score: float


def bytes_at(rungs: Sequence[Rung], score: float) -> float | None:
    """Return the size at `score`, with log(bytes) linear in the score between neighbours.

    None where no two neighbours enclose it. Where several do, since scores need not rise with
    the quality, the smallest size counts: the codec's best.
    """
    found = [
        size
        for lower, upper in pairwise(sorted(rungs))
        if (size := _between(lower, upper, score)) is not None
    ]
    return min(found, default=None)


def quality_at(rungs: Sequence[Rung], score: float) -> int | None:
    """Return the whole quality between two neighbours at which `score` is expected."""
    for lower, upper in pairwise(sorted(rungs)):
        if lower.score <= score <= upper.score and upper.score > lower.score:
            share = (score - lower.score) / (upper.score - lower.score)
            return round(lower.quality + share * (upper.quality - lower.quality))
    return None


def climb(
    qualities: Sequence[int], encode: Callable[[int], Rung], score: float, *, whole: bool
) -> list[Rung]:
    """Return encodes that enclose `score`: at all `qualities`, or at those of a bisection.

    One more follows in between, at the quality where `score` is expected.
    """
    tried = {quality: encode(quality) for quality in qualities} if whole else {}
    low, high = 0, len(qualities) - 1
    if not whole:
        for end in (low, high):
            tried[qualities[end]] = encode(qualities[end])
        while high - low > 1:
            middle = (low + high) // 2
            rung = tried[qualities[middle]] = encode(qualities[middle])
            low, high = (middle, high) if rung.score < score else (low, middle)
    expected = quality_at(list(tried.values()), score)
    if expected is not None and expected not in tried:
        tried[expected] = encode(expected)
    return sorted(tried.values())


def _between(lower: Rung, upper: Rung, score: float) -> float | None:
    low, high = sorted((lower, upper), key=lambda rung: rung.score)
    if not low.score <= score <= high.score:
        return None
    if high.score == low.score:
        return float(min(low.bytes, high.bytes))
    share = (score - low.score) / (high.score - low.score)
    return math.exp(math.log(low.bytes) * (1 - share) + math.log(high.bytes) * share)
