"""Average an image over small squares, in C or in numpy: a sixteenth of its pixels is left."""

from __future__ import annotations

from ctypes import c_size_t, c_void_p
from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.metric.sampling import Rgb

Means = npt.NDArray[np.float32]
"""(rows, columns, 3), on the scale of bytes."""

CELL: Final = 4
"""Pixels along a side of a square; those at the right and the lower edge may be smaller."""


def cells(rgb: Rgb) -> Means:
    """Return the mean colour of each square of (height, width, 3) bytes."""
    return _cells_native(rgb) if native.available() else cells_numpy(rgb)


def merged(means: Means, side: int) -> Means:
    """Return the means of `side` by `side` squares; what is left over at the edges is left out.

    A picture that has no whole square is one square.
    """
    rows, columns = (max(1, length // side) for length in means.shape[:2])
    high, wide = (min(side, length) for length in means.shape[:2])
    whole = means[: rows * high, : columns * wide]
    total = np.zeros((rows, columns, means.shape[2]), np.float32)
    for row in range(high):
        for column in range(wide):
            total += whole[row::high, column::wide]
    total /= high * wide
    return total


def cells_numpy(rgb: Rgb) -> Means:
    """Return the same by numpy alone: what the C is held against."""
    rows, columns = (np.arange(0, length, CELL) for length in rgb.shape[:2])
    sums = np.add.reduceat(rgb.astype(np.float32), rows, axis=0)
    sums = np.add.reduceat(sums, columns, axis=1)
    counts = np.diff([*rows, rgb.shape[0]])[:, None] * np.diff([*columns, rgb.shape[1]])
    return np.asarray(sums / counts[..., None].astype(np.float32), np.float32)


def _cells_native(rgb: Rgb) -> Means:
    height, width = rgb.shape[:2]
    rgb = np.ascontiguousarray(rgb)
    result = np.empty((-(-height // CELL), -(-width // CELL), 3), np.float32)
    average = native.function("leanpix_cells", c_void_p, c_size_t, c_size_t, c_void_p)
    average(
        native.address(rgb, np.uint8, (height, width, 3)),
        height,
        width,
        native.address(result, np.float32, result.shape),
    )
    return result
