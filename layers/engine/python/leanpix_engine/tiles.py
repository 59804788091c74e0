"""A sample of a large image: tiles spread over the ranks of activity, laid out as a mosaic.

Errors of an encoder grow with activity, so a sample that has every rank of it in its right share
tells what the whole would. Each tile carries a margin, so that a filter's reach across a seam can
be left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]

SAMPLED_ABOVE_PIXELS = 3_000_000
"""Images up to this size are taken whole."""

_INNER = 224
_MARGIN = 16
_OUTER = (
    _INNER + 2 * _MARGIN
)  # 256: whole JPEG blocks and 4:2:0 units, so that an encoder sees its own grid
_UNIT = 16
_COLUMNS, _ROWS = 6, 5


@dataclass(frozen=True, slots=True)
class Tiles:
    """Where tiles lie in an image, (top, left) with their margin, and what each stands for."""

    places: tuple[tuple[int, int], ...]
    weights: tuple[float, ...]
    """Share of the image that a tile stands for, 1 on average."""

    @classmethod
    def chosen(cls, rgb: Rgb) -> Tiles | None:
        """A sample of `rgb`; None where it has too few whole tiles to be worth one.

        The busier half of the image gets two thirds of the tiles: the 4-norm is made there.
        """
        grid = [(top, left) for top in _starts(rgb.shape[0]) for left in _starts(rgb.shape[1])]
        wanted = _COLUMNS * _ROWS
        if len(grid) < 2 * wanted:
            return None
        by_activity = sorted(grid, key=lambda place: _activity(rgb, place))
        # Share s of the samples lies below rank r(s) = (4 s - s^2) / 3: dense where ranks are
        # high.
        shares = (np.arange(wanted) + 0.5) / wanted
        ranks = (4 * shares - shares**2) / 3
        density = (4 - 2 * shares) / 3
        places = tuple(by_activity[int(rank * len(grid))] for rank in ranks)
        return cls(places, tuple(float(weight) for weight in density / density.mean()))

    def mosaic(self, image: Rgb) -> Rgb:
        """The tiles of `image`, side by side."""
        result = np.empty((_ROWS * _OUTER, _COLUMNS * _OUTER, image.shape[2]), np.uint8)
        for number, (top, left) in enumerate(self.places):
            row, column = divmod(number, _COLUMNS)
            result[row * _OUTER : (row + 1) * _OUTER, column * _OUTER : (column + 1) * _OUTER] = (
                image[top : top + _OUTER, left : left + _OUTER]
            )
        return result

    def mean4(self, values: npt.NDArray[np.float32], shrink: int) -> float:
        """Mean of 4th powers, estimated from a map over the mosaic at 1/`shrink` of its size."""
        outer, margin = _OUTER // shrink, _MARGIN // shrink
        inner = values.reshape(_ROWS, outer, _COLUMNS, outer)[:, margin:-margin, :, margin:-margin]
        means = np.square(np.square(inner)).mean(axis=(1, 3), dtype=np.float64)
        return float(np.dot(means.ravel(), self.weights)) / len(self.weights)

    def mean4_at_quarter(self, values: npt.NDArray[np.float32]) -> float:
        """The same estimate from a map over the whole image at a quarter of its size."""
        means = [
            float(
                np.square(np.square(self._cut(values, top // 4, left // 4))).mean(dtype=np.float64)
            )
            for top, left in self.places
        ]
        return float(np.dot(means, self.weights)) / len(self.weights)

    @staticmethod
    def _cut(values: npt.NDArray[np.float32], top: int, left: int) -> npt.NDArray[np.float32]:
        near, far = _MARGIN // 4, (_MARGIN + _INNER) // 4
        return values[top + near : top + far, left + near : left + far]


def _starts(length: int) -> list[int]:
    """Where tiles start along a side to cover it, on whole units of the encoder's grid."""
    room = length - _OUTER
    if room < 0:
        return []
    count = -(-room // _INNER) + 1
    return [round(room * i / max(1, count - 1)) // _UNIT * _UNIT for i in range(count)]


def _activity(rgb: Rgb, place: tuple[int, int]) -> float:
    """Mean difference of green between near pixels of a tile."""
    top, left = place
    green = rgb[top : top + _OUTER : 2, left : left + _OUTER : 2, 1].astype(np.int16)
    return float(np.abs(np.diff(green, axis=0)).mean() + np.abs(np.diff(green, axis=1)).mean())
