"""Sample a large image: tiles spread over the ranks of activity, laid out as a mosaic.

Errors of an encoder grow with activity, so a sample that has every rank of it in its right share
tells what the whole would. Each tile carries a margin, so that a filter's reach across a seam can
be left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Boxes = npt.NDArray[np.int64]
"""Parts of a map: top, left, height and width of each."""

SAMPLED_ABOVE_PIXELS = 3_000_000
"""Images up to this size are taken whole."""

_INNER = 224
_MARGIN = 16
# 256: whole JPEG blocks and 4:2:0 units, so that an encoder sees its own grid.
_OUTER = _INNER + 2 * _MARGIN
_UNIT = 16
_COLUMNS, _ROWS = 6, 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Tiles of an image that stand for the whole of it."""

    corners: tuple[tuple[int, int], ...]
    """(top, left) of each tile with its margin."""
    weights: tuple[float, ...]
    """Share of the image that a tile stands for, 1 on average."""

    @classmethod
    def chosen(cls, rgb: Rgb) -> Sample | None:
        """Choose a sample of `rgb`; None where it has too few whole tiles to be worth one.

        The busier half of the image gets two thirds of the tiles: the 4-norm is made there.
        """
        grid = [(top, left) for top in _starts(rgb.shape[0]) for left in _starts(rgb.shape[1])]
        wanted = _COLUMNS * _ROWS
        if len(grid) < 2 * wanted:
            return None
        by_activity = sorted(grid, key=lambda corner: _activity(rgb, corner))
        # Share s of the samples lies below rank r(s) = (4 s - s^2) / 3: dense where ranks are
        # high.
        shares = (np.arange(wanted) + 0.5) / wanted
        ranks = (4 * shares - shares**2) / 3
        density = (4 - 2 * shares) / 3
        corners = tuple(by_activity[int(rank * len(grid))] for rank in ranks)
        return cls(corners, tuple(float(weight) for weight in density / density.mean()))

    def mosaic(self, image: Rgb) -> Rgb:
        """Return the tiles of `image`, side by side."""
        result = np.empty((_ROWS * _OUTER, _COLUMNS * _OUTER, image.shape[2]), np.uint8)
        for number, (top, left) in enumerate(self.corners):
            row, column = divmod(number, _COLUMNS)
            result[row * _OUTER : (row + 1) * _OUTER, column * _OUTER : (column + 1) * _OUTER] = (
                image[top : top + _OUTER, left : left + _OUTER]
            )
        return result

    def boxes_in_mosaic(self, shrink: int) -> Boxes:
        """Return the tiles without margin in a map over the mosaic at 1/`shrink` of its size."""
        outer, margin, inner = _OUTER // shrink, _MARGIN // shrink, _INNER // shrink
        return np.array(
            [
                (row * outer + margin, column * outer + margin, inner, inner)
                for row in range(_ROWS)
                for column in range(_COLUMNS)
            ],
            np.int64,
        )

    def boxes_at_quarter(self) -> Boxes:
        """Return the same tiles in a map over the whole image at a quarter of its size."""
        inner = _INNER // 4
        return np.array(
            [
                (top // 4 + _MARGIN // 4, left // 4 + _MARGIN // 4, inner, inner)
                for top, left in self.corners
            ],
            np.int64,
        )

    def mean(self, means: npt.NDArray[np.float64]) -> float:
        """Estimate the mean of the whole from those of the tiles."""
        return float(np.dot(means, self.weights)) / len(self.weights)


def _starts(length: int) -> list[int]:
    """Return where tiles start along a side to cover it, on whole units of the encoder's grid."""
    room = length - _OUTER
    if room < 0:
        return []
    count = -(-room // _INNER) + 1
    return [round(room * i / max(1, count - 1)) // _UNIT * _UNIT for i in range(count)]


def _activity(rgb: Rgb, corner: tuple[int, int]) -> float:
    """Return the mean difference of green between near pixels of a tile."""
    top, left = corner
    green = rgb[top : top + _OUTER : 2, left : left + _OUTER : 2, 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())
