"""The scales of an image that the metric compares, and the maps that it wants of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leanpix_engine.metric.sampling import Boxes

Plane = npt.NDArray[np.float32]
Means = npt.NDArray[np.float64]
"""(channel, map, mean of the map and then of its 4th powers in each box); 0 where not wanted."""

X, Y, B = 0, 1, 2
STRUCTURE, ARTIFACT, DETAIL = 0, 1, 2
MAPS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """One scale: which maps are wanted of it, and the parts that 4-norms are taken of."""

    wanted: npt.NDArray[np.bool_]
    """(channel, map)."""
    boxes: Boxes

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels of which any map is wanted."""
        return tuple(channel for channel in (X, Y, B) if self.wanted[channel].any())
