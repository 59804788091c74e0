"""Find the quantization steps of an earlier JPEG in pixels that carry no JPEG any more.

Decoded JPEG pixels, transformed again in the same 8x8 blocks, have DCT coefficients near multiples
of the steps they were quantized by. The mean of cos(2 pi c / s) over the coefficients c that a
step s does not round to zero is near 1 for the right step, and near 0 for pixels that never were
a JPEG (the lattice is that of Fan and de Queiroz, "Identification of bitmap compression history",
IEEE TIP 2003). An image that was cropped off the grid or resized shows none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Table = npt.NDArray[np.float32]
"""(8, 8): quantization steps by vertical and horizontal frequency."""

SIDE: Final = 8
# ITU-T T.81, table K.1: luminance quantization for quality 50.
STANDARD_LUMA: Final = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.float32,
)
_LEAST_BLOCKS: Final = 400
_MOST_BLOCKS: Final = 3_000
_LOW_FREQUENCIES: Final = sorted(
    ((row, column) for row in range(5) for column in range(5 - row) if row + column), key=sum
)
_LARGEST_STEP: Final = 48
_LEAST_COEFFICIENTS: Final = 25
"""With fewer coefficients beyond zero, chance alone makes a high mean."""
_LEAST_MEAN: Final = 0.35
_LEAST_STANDARD_ERRORS: Final = 5.0
_MULTIPLES_MAY_TRAIL_BY: Final = 0.15
"""Each divisor of a step fits as well as the step; the largest that fits nearly as well is it."""
_LEAST_FREQUENCIES: Final = 6
"""Frequencies that must show a step before pixels count as a former JPEG's."""
_FIRST_LOOK, _LEAST_AT_FIRST_LOOK = 5, 2
"""The lowest frequencies tell most pixels that never were a JPEG."""


@dataclass(frozen=True, slots=True)
class Lattice:
    """The quantization that pixels show."""

    steps: Table
    """Luma steps; those that the pixels do not show are scaled from the standard's table."""
    shown: tuple[tuple[int, int], ...]
    """The frequencies whose steps the pixels show."""

    def coarseness(self, table: Table = STANDARD_LUMA) -> float:
        """Return how large the shown steps are against those of a table, in the median."""
        return float(np.median([self.steps[place] / table[place] for place in self.shown]))


def find_lattice(pixels: Pixels) -> Lattice | None:
    """Return the luma quantization that pixels (height, width, 1 or 3) went through, or None."""
    if (pixels.shape[0] // SIDE) * (pixels.shape[1] // SIDE) < _LEAST_BLOCKS:
        return None
    coefficients = _luma_coefficients(pixels)
    found: dict[tuple[int, int], int] = {}
    for looked_at, (row, column) in enumerate(_LOW_FREQUENCIES):
        if looked_at == _FIRST_LOOK and len(found) < _LEAST_AT_FIRST_LOOK:
            return None
        step = _step_of(np.abs(coefficients[:, row, column]))
        if step is not None:
            found[row, column] = step
    if len(found) < _LEAST_FREQUENCIES:
        return None
    scale = float(np.median([step / STANDARD_LUMA[place] for place, step in found.items()]))
    steps = np.maximum(1.0, np.round(STANDARD_LUMA * scale))
    for place, step in found.items():
        steps[place] = step
    return Lattice(steps, tuple(found))


def dct_matrix() -> Table:
    """Return the orthonormal 8-point DCT-II as a matrix: row k holds the basis of frequency k."""
    frequency = np.arange(SIDE)[:, np.newaxis]
    place = np.arange(SIDE)[np.newaxis, :]
    matrix = np.sqrt(2 / SIDE) * np.cos(np.pi * (2 * place + 1) * frequency / (2 * SIDE))
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix, np.float32)


def _luma_coefficients(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return the DCT coefficients of blocks spread over an image, as (blocks, 8, 8)."""
    height, width, channels = pixels.shape
    down, across = height // SIDE, width // SIDE
    grid = pixels[: down * SIDE, : across * SIDE].reshape(down, SIDE, across, SIDE, channels)
    chosen = np.linspace(0, down * across - 1, min(down * across, _MOST_BLOCKS)).astype(int)
    blocks = luma_of(grid[chosen // across, :, chosen % across])
    matrix = dct_matrix()
    return np.asarray(matrix @ blocks @ matrix.T)


def luma_of(pixels: Pixels) -> npt.NDArray[np.float32]:
    """Return BT.601 luma about zero of (..., 1 or 3) pixels, as JPEG codes it (JFIF 1.02)."""
    if pixels.shape[-1] == 1:
        return pixels[..., 0].astype(np.float32) - 128
    return np.asarray(pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114])) - 128


def _step_of(magnitudes: npt.NDArray[np.float32]) -> int | None:
    """Return the step whose multiples the magnitudes of one frequency gather at, or None."""
    best: tuple[int, float] | None = None
    for step in range(2, _LARGEST_STEP + 1):
        beyond_zero = magnitudes[magnitudes > 0.6 * step]
        if len(beyond_zero) < _LEAST_COEFFICIENTS:
            break
        mean = float(np.cos(beyond_zero * np.float32(2 * np.pi / step)).mean())
        standard_error = 1 / np.sqrt(2 * len(beyond_zero))
        if mean < max(_LEAST_MEAN, _LEAST_STANDARD_ERRORS * standard_error):
            continue
        if best is None or mean > best[1] - _MULTIPLES_MAY_TRAIL_BY:
            best = (step, mean)
    return None if best is None else best[0]
