"""Merge colours into fewer, the cheapest pair first, without breaking the rules of a palette.

Clear, opaque and translucent colours never merge with each other; translucent ones only while no
alpha moves by more than `MOST_ALPHA`; a fixed colour takes others in and stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

CLEAR, OPAQUE = 0, 255
MOST_ALPHA: Final = 8
"""How far the alpha of what is translucent may move."""
_LIGHTNESS_POWER = 1.25
"""From sRGB values to even steps for merging; libimagequant compares in a space like it."""
_CHANNELS = np.array([1.0, 1.4, 0.95, 0.6])
"""Weights of red, green, blue, alpha there."""
_COUNT_POWER = 0.7
"""Below 1, so that small areas keep their colours: measured against 1 and 0.5."""
_REFINEMENTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Colours:
    """Colours to start from, with what each stands for."""

    values: Bytes
    """(n, 4)."""
    counts: npt.NDArray[np.int64]
    """Pixels of each."""
    lowest: npt.NDArray[np.int16]
    highest: npt.NDArray[np.int16]
    """The range of alpha that each stands for."""
    fixed: npt.NDArray[np.bool_]
    """Those that have to stay what they are."""


@dataclass(frozen=True, slots=True, eq=False)
class _Groups:
    """What merging works on; a merged group stands where its first colour stood."""

    points: Doubles
    weights: Doubles
    kinds: npt.NDArray[np.int8]
    lowest: npt.NDArray[np.int16]
    highest: npt.NDArray[np.int16]
    """The range of alpha in a group."""
    fixed: npt.NDArray[np.bool_]

    def costs(self, index: int, alive: npt.NDArray[np.bool_]) -> Doubles:
        """Return what merging one group with each other adds to the squared error (Ward 1963)."""
        return self._where_allowed(index, alive, self._costs(index))

    def _costs(self, index: int) -> Doubles:
        distance = ((self.points - self.points[index]) ** 2).sum(-1)
        weight = self.weights[index]
        shared: Doubles = self.weights * weight / (self.weights + weight)
        # Into a fixed colour all of the other one moves.
        shared = self.weights if self.fixed[index] else np.where(self.fixed, weight, shared)
        return np.asarray(distance * shared)

    def _where_allowed(self, index: int, alive: npt.NDArray[np.bool_], cost: Doubles) -> Doubles:
        span = np.maximum(self.highest, self.highest[index]) - np.minimum(
            self.lowest, self.lowest[index]
        )
        allowed = alive & (self.kinds == self.kinds[index]) & (span <= 2 * MOST_ALPHA)
        same_alpha = span == 0
        allowed &= (~self.fixed & same_alpha) if self.fixed[index] else (~self.fixed | same_alpha)
        allowed[index] = False
        return np.where(allowed, cost, np.inf)

    def merge(self, kept: int, gone: int) -> None:
        """Let one group take another in."""
        total = self.weights[kept] + self.weights[gone]
        if not self.fixed[kept]:
            share = self.weights[gone] / total
            self.points[kept] += share * (self.points[gone] - self.points[kept])
        self.weights[kept] = total
        self.lowest[kept] = min(self.lowest[kept], self.lowest[gone])
        self.highest[kept] = max(self.highest[kept], self.highest[gone])


class MergedColours:
    """Colours, merged to any number of them."""

    def __init__(self, colours: Colours) -> None:
        """Find the order in which merging them costs least."""
        self._colours = colours
        self._kinds = kinds_of(colours.values[:, 3])
        self._points = _to_space(colours.values)
        self._weights = colours.counts.astype(np.float64) ** _COUNT_POWER + 1e-3
        self._is_gray = (colours.values[:, :3] == colours.values[:, :1]).all(axis=1)

    @property
    def most(self) -> int:
        """How many there are unmerged."""
        return len(self._points)

    @property
    def least(self) -> int:
        """How few they can be merged to."""
        return self.most - len(self._merges)

    def table(self, size: int) -> tuple[Integers, Bytes]:
        """Return which of at most `size` colours stands for each one, and those (n, 4)."""
        if size >= self.most:
            return np.arange(self.most), self._colours.values
        size = max(size, self.least)
        cluster = np.arange(self.most)
        for kept, gone in self._merges[: self.most - size]:
            cluster[cluster == gone] = kept
        cluster = np.unique(cluster, return_inverse=True)[1]
        for _ in range(_REFINEMENTS):
            cluster = self._reassigned(cluster)
        return cluster, self._values(cluster)

    @cached_property
    def _merges(self) -> list[tuple[int, int]]:
        return self._merge_order()

    def _merge_order(self) -> list[tuple[int, int]]:
        """Return pairs (kept, gone), the cheapest first, until no two may merge."""
        groups = _Groups(
            self._points.copy(),
            self._weights.copy(),
            self._kinds,
            self._colours.lowest.copy(),
            self._colours.highest.copy(),
            self._colours.fixed,
        )
        alive = np.ones(self.most, bool)
        cost = np.stack([groups.costs(index, alive) for index in range(self.most)])
        nearest, least = cost.argmin(axis=1), cost.min(axis=1)
        order = []
        while np.isfinite(best := np.min(least)):
            kept = int(np.flatnonzero(least == best)[0])
            gone = int(nearest[kept])
            if groups.fixed[gone]:
                kept, gone = gone, kept
            order.append((kept, gone))
            groups.merge(kept, gone)
            alive[gone] = False
            least[gone] = cost[gone] = cost[:, gone] = np.inf
            cost[kept] = cost[:, kept] = groups.costs(kept, alive)
            stale = alive & ((nearest == kept) | (nearest == gone))
            stale[kept] = True
            nearest[stale] = cost[stale].argmin(axis=1)
            least[stale] = cost[stale, nearest[stale]]
            closer = alive & (cost[:, kept] < least)
            nearest[closer], least[closer] = kept, cost[closer, kept]
        return order

    def _reassigned(self, cluster: Integers) -> Integers:
        """Move each colour to the nearest group that may have it (a step of Lloyd's)."""
        values = self._values(cluster)
        distance = ((self._points[:, None] - _to_space(values)[None]) ** 2).sum(-1)
        alpha = values[:, 3].astype(np.int16)
        far = self._colours.highest[:, None] - alpha > MOST_ALPHA
        far |= alpha - self._colours.lowest[:, None] > MOST_ALPHA
        distance[far | (self._kinds[:, None] != kinds_of(values[:, 3])[None])] = np.inf
        moved = distance.argmin(axis=1)
        # A fixed colour stays, and so does the last of a group.
        stays = self._colours.fixed | ~np.isfinite(distance.min(axis=1))
        moved[stays] = cluster[stays]
        emptied = ~np.isin(np.arange(len(values)), moved)
        stays = emptied[cluster]
        moved[stays] = cluster[stays]
        return moved

    def _values(self, cluster: Integers) -> Bytes:
        """Return the colour of each group: its fixed one, or else the mean."""
        size = int(np.max(cluster)) + 1
        total = np.bincount(cluster, self._weights, size)
        sums = [np.bincount(cluster, self._weights * part, size) for part in self._points.T]
        values = _from_space(np.stack(sums, axis=1) / total[:, None])
        kinds = np.zeros(size, np.int8)
        kinds[cluster] = self._kinds
        values[kinds == kinds_of(np.array([OPAQUE], np.uint8))[0], 3] = OPAQUE
        values[kinds == CLEAR] = 0
        values[:, 3] = np.clip(values[:, 3], *self._alpha_bounds(cluster, kinds))
        gray = np.ones(size, bool)
        np.logical_and.at(gray, cluster, self._is_gray)
        values[gray, :3] = values[gray, 1:2]
        fixed = self._colours.fixed
        values[cluster[fixed]] = self._colours.values[fixed]
        return values

    def _alpha_bounds(self, cluster: Integers, kinds: npt.NDArray[np.int8]) -> tuple[Bytes, Bytes]:
        lowest = np.full(len(kinds), OPAQUE, np.int16)
        highest = np.zeros(len(kinds), np.int16)
        np.minimum.at(lowest, cluster, self._colours.lowest)
        np.maximum.at(highest, cluster, self._colours.highest)
        translucent = kinds == 1
        low = np.where(translucent, np.maximum(highest - MOST_ALPHA, 1), lowest)
        high = np.where(translucent, np.minimum(lowest + MOST_ALPHA, OPAQUE - 1), highest)
        return np.minimum(low, high).astype(np.uint8), high.astype(np.uint8)


def kinds_of(alpha: Bytes) -> npt.NDArray[np.int8]:
    """Return 0 for what is clear, 1 for translucent, 2 for opaque."""
    return np.asarray((alpha > CLEAR).astype(np.int8) + (alpha == OPAQUE))


def _to_space(colours: Bytes) -> Doubles:
    """Premultiplied, so that the more transparent a colour is the less it counts."""
    share = colours / 255.0
    share[:, :3] = share[:, :3] ** _LIGHTNESS_POWER * share[:, 3:]
    return np.asarray(share * _CHANNELS)


def _from_space(points: Doubles) -> Bytes:
    share = np.clip(points / _CHANNELS, 0, 1)
    colour = np.clip(share[:, :3] / np.maximum(share[:, 3:], 1 / 512), 0, 1) ** (
        1 / _LIGHTNESS_POWER
    )
    return np.rint(np.hstack([colour, share[:, 3:]]) * 255).astype(np.uint8)
