"""Find the largest difference between two small images, in C or in numpy.

After the idea of Butteraugli: the maximum over the picture of differences in opponent colours,
averaged over 3 x 3 pixels, less where the original is busy itself. `native/metric/worst.c`
explains it.
"""

from __future__ import annotations

from ctypes import byref, c_float, c_size_t, c_void_p
from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.metric.sampling import Rgb
from leanpix_engine.metric.scales_numpy import xyb_of

Plane = npt.NDArray[np.float32]

_WEIGHTS: Final = (40.0, 200.0, 30.0)
_HIDDEN_BY: Final = 30.0
_NEAR, _AROUND = 1, 2


def worst(original: Rgb, made: Rgb) -> float:
    """Return the largest difference, in degrees of mid gray, about."""
    return _worst_native(original, made) if native.available() else worst_numpy(original, made)


def worst_numpy(original: Rgb, made: Rgb) -> float:
    """Return the same by numpy alone: what the C is held against."""
    first, second = xyb_of(original), xyb_of(made)
    luma = first[1]
    contrast = np.zeros_like(luma)
    contrast[:, 1:] += np.abs(np.diff(luma, axis=1))
    contrast[1:] += np.abs(np.diff(luma, axis=0))
    hidden = 1 + _HIDDEN_BY * _averaged(contrast, _AROUND)
    square = np.zeros_like(luma)
    for weight, before, after in zip(_WEIGHTS, first, second, strict=True):
        square += (weight * _averaged(after - before, _NEAR)) ** 2
    return float((np.sqrt(square) / hidden).max())


def _averaged(plane: Plane, radius: int) -> Plane:
    """Return means over squares; outside of the plane are no samples."""
    for axis in (0, 1):
        length = plane.shape[axis]
        sums = np.concatenate(
            [np.zeros_like(plane.take([0], axis), np.float64), plane.cumsum(axis, np.float64)],
            axis,
        )
        end = np.minimum(np.arange(length) + radius + 1, length)
        start = np.maximum(np.arange(length) - radius, 0)
        counts = (end - start).reshape((-1, 1) if axis == 0 else (1, -1))
        plane = ((sums.take(end, axis) - sums.take(start, axis)) / counts).astype(np.float32)
    return plane


def _worst_native(original: Rgb, made: Rgb) -> float:
    original, made = np.ascontiguousarray(original), np.ascontiguousarray(made)
    height, width = original.shape[:2]
    found = c_float()
    measure = native.function("leanpix_worst", c_void_p, c_void_p, c_size_t, c_size_t, c_void_p)
    measure(
        native.address(original, np.uint8, (height, width, 3)),
        native.address(made, np.uint8, (height, width, 3)),
        height,
        width,
        byref(found),
    )
    return found.value
