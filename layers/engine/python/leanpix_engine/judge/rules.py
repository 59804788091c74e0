"""Rules that no score can buy, about what people notice first and SSIMULACRA2 hardly feels.

Each rule says how many points of score a candidate has left before it breaks it. The search aims
at the least of these and the score, so it goes on until the rule is kept; a file that breaks a
rule does not leave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from leanpix_engine.judge.views import BACKGROUNDS, Views
from leanpix_engine.metric.cells import merged
from leanpix_engine.metric.ciede2000 import difference, lab
from leanpix_engine.picture import flats
from leanpix_engine.search.targets import interpolated

KEPT: Final = 100.0
"""Points left where a rule is kept by far, or asks for nothing."""
_BROKEN: Final = -20.0
"""Points left where a rule is broken that knows no more or less."""
_OPAQUE: Final = 255
_MOST_ALPHA: Final = 8
_MOST_OF_FLAT, _MOST_OF_PURE = 2.0, 0.5
"""How far a flat colour, and black or white, may move where coding is lossy, of 255."""


class Rule(Protocol):
    """One rule for one frame."""

    name: str

    def points_left(self, made: Views, goal: float) -> float:
        """Return the points of score until `made` breaks the rule; below 0 it does."""


def rules_for(original: Views, *, exact: bool) -> list[Rule]:
    """Return the rules that have anything to say of a frame.

    `exact` is for formats whose pixels can all be had as they are: PNG and GIF.
    """
    return [
        AlphaStays(original),
        *_flat_rules(original, exact=exact),
        BlockColoursStay(original),
        GradientsStay(original),
        SlopesStay(original),
        GrayStays(original),
    ]


class AlphaStays:
    """What is clear stays clear, what is opaque stays opaque, between it moves by 8 at most."""

    name = "alpha"

    def __init__(self, original: Views) -> None:
        self._alpha = original.alpha

    def points_left(self, made: Views, goal: float) -> float:
        """Return all points or none."""
        del goal
        before, after = self._alpha, made.alpha
        if before is None and after is None:
            return KEPT
        if before is None or after is None:
            other = after if before is None else before
            return KEPT if other is None or bool((other == _OPAQUE).all()) else _BROKEN
        clear, opaque = before == 0, before == _OPAQUE
        moved = np.abs(before.astype(np.int16) - after)
        kept = not moved[clear | opaque].any() and moved.max(initial=0) <= _MOST_ALPHA
        return KEPT if kept else _BROKEN


class FlatColoursStay:
    """A colour that fills flat areas stays as it is, or within 2 of 255 where coding is lossy.

    That holds for nine pixels in ten of an area: beside an edge lossy coding rings.
    """

    name = "flat_colours"
    _POINTS = 3.0
    """Of score for one step of 255."""
    _PERCENT = 90

    def __init__(
        self, areas: list[tuple[npt.NDArray[np.uint8], flats.Places]], most: float
    ) -> None:
        self._areas = areas
        self._most = most

    def points_left(self, made: Views, goal: float) -> float:
        """Return the points that the colour with the largest deviation leaves."""
        del goal
        pixels = made.colour.reshape(-1, 3)
        worst = max(self._deviation(pixels[places], colour) for colour, places in self._areas)
        return (self._most - worst) * self._POINTS if worst > self._most else KEPT

    def _deviation(self, pixels: npt.NDArray[np.uint8], colour: npt.NDArray[np.uint8]) -> float:
        gaps = np.abs(pixels.astype(np.int16) - colour[:3]).max(axis=1)
        return float(np.percentile(gaps, self._PERCENT))


class BlackAndWhiteStay(FlatColoursStay):
    """Areas of pure black and of pure white stay so: most of their pixels exactly."""

    name = "black_and_white"
    _PERCENT = 50


def _flat_rules(original: Views, *, exact: bool) -> Iterator[Rule]:
    areas = flats.areas_of(original.colour, original.alpha)
    most = 0.0 if exact else _MOST_OF_FLAT
    if areas:
        yield FlatColoursStay(areas, most)
    pure = [(colour, places) for colour, places in areas if _is_pure(colour)]
    if pure:
        yield BlackAndWhiteStay(pure, 0.0 if exact else _MOST_OF_PURE)


def _is_pure(colour: npt.NDArray[np.uint8]) -> bool:
    return bool((colour[:3] == colour[0]).all()) and colour[0] in (0, _OPAQUE)


class BlockColoursStay:
    """The mean colour of 16 x 16 pixels stays, by CIEDE2000, in 99 blocks of a hundred."""

    name = "block_colours"
    _CELLS = 4
    _PERCENT = 99
    # (goal, CIEDE2000 that may be lost)
    _MOST = ((53.0, 4.0), (65.0, 3.0), (77.0, 2.0), (89.0, 1.0))
    _POINTS = 12.0

    def __init__(self, original: Views) -> None:
        self._backgrounds = BACKGROUNDS[: 1 if original.alpha is None else None]
        self._labs = [self._lab(original, background) for background in self._backgrounds]

    def points_left(self, made: Views, goal: float) -> float:
        """Return how much more the blocks may lose."""
        lost = max(
            float(np.percentile(difference(before, self._lab(made, background)), self._PERCENT))
            for before, background in zip(self._labs, self._backgrounds, strict=True)
        )
        return (interpolated(self._MOST, goal) - lost) * self._POINTS

    def _lab(self, views: Views, background: int) -> npt.NDArray[np.float32]:
        return lab(merged(views.cells_on(background), self._CELLS).reshape(-1, 3))


class GradientsStay:
    """Smooth areas get no new steps: what looks like bands or blocks in a sky."""

    name = "gradients"
    _LEAST_SHARE, _LEAST_CELLS = 0.04, 300
    """Of a picture, and in all: in less of it the highest steps are chance."""
    _PERCENT = 99
    # (goal, step of 255 that may be new)
    _MOST = ((30.0, 4.5), (53.0, 2.8), (65.0, 2.3), (77.0, 1.9), (89.0, 1.3))
    _POINTS = 15.0

    def __init__(self, original: Views) -> None:
        luma = _luma(original)
        self._steps = _Steps(luma, _smooth_cells(original, luma), stride=1)
        least = max(self._LEAST_CELLS, self._LEAST_SHARE * luma.size)
        self._matters = np.count_nonzero(self._steps.across) >= least

    def points_left(self, made: Views, goal: float) -> float:
        """Return how much higher the steps may be.

        A step that the original has not got is new; grain that is gone makes none.
        """
        if not self._matters:
            return KEPT
        height = self._steps.new_height(made, self._PERCENT)
        return (interpolated(self._MOST, goal) - height) * self._POINTS


class SlopesStay:
    """A slope of colour stays one: it gets no stripes, however straight or slanting."""

    name = "slopes"
    _REACH = 4
    """How many cells to each side a slope is looked for; 16 pixels."""
    _LEAST_RISE, _MOST_RISE = 0.5, 20.0
    """The change of luma over that way; flat areas have rules of their own."""
    _STRIDE = 2
    """The edge of a stripe that slants is spread over two cells."""
    _LEAST_CELLS = 300
    _PERCENT = 98
    # (goal, step of 255 that may be new)
    _MOST = ((30.0, 5.0), (53.0, 3.2), (65.0, 2.6), (77.0, 2.1), (89.0, 1.5))
    _GRAIN_PERCENT = 90
    # (height of the original's own grain, share of those steps that it hides)
    _HIDDEN = ((0.3, 0.45), (0.8, 1.0))
    _POINTS = 10.0

    def __init__(self, original: Views) -> None:
        luma = _luma(original)
        slopes = _smooth_cells(original, luma) & self._rises(luma)
        self._steps = _Steps(luma, slopes, stride=self._STRIDE)
        own = self._steps.own
        self._matters = own.size >= self._LEAST_CELLS
        grain = float(np.percentile(own, self._GRAIN_PERCENT)) if self._matters else 0.0
        self._share = interpolated(self._HIDDEN, grain)

    def points_left(self, made: Views, goal: float) -> float:
        """Return how much higher the steps may be; grain hides some of their height."""
        if not self._matters:
            return KEPT
        height = self._steps.new_height(made, self._PERCENT)
        return (interpolated(self._MOST, goal) * self._share - height) * self._POINTS

    def _rises(self, luma: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
        """Return the cells past which luma changes by a little, along either axis."""
        reach = self._REACH
        rise = np.zeros(luma.shape, np.float32)
        rise[:, reach:-reach] = np.abs(luma[:, 2 * reach :] - luma[:, : -2 * reach])
        down = np.abs(luma[2 * reach :] - luma[: -2 * reach])
        rise[reach:-reach] = np.maximum(rise[reach:-reach], down)
        return np.asarray((rise >= self._LEAST_RISE) & (rise <= self._MOST_RISE))


class _Steps:
    """The steps between smooth cells of an original, and how much each stands out."""

    def __init__(
        self, luma: npt.NDArray[np.float32], cells: npt.NDArray[np.bool_], *, stride: int
    ) -> None:
        self._stride = stride
        self.across = cells[:, stride:] & cells[:, :-stride]
        self._down = cells[stride:] & cells[:-stride]
        self.own = self._heights(luma)

    def new_height(self, made: Views, percent: float) -> float:
        """Return the percentile of how much more the steps of a made picture stand out."""
        return float(np.percentile(self._heights(_luma(made)) - self.own, percent))

    def _heights(self, luma: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        across, down = (_along(luma, axis, self._stride) for axis in (1, 0))
        return np.concatenate([across[self.across], down[self._down]])


def _luma(views: Views) -> npt.NDArray[np.float32]:
    """Return the luma of cells (ITU-R BT.601)."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.asarray(views.cells_on(BACKGROUNDS[0]) @ weights)


_ROUGHEST: Final = 1.5
"""The most by which a cell of a smooth area is off its neighbours' mean, of 255."""


def _smooth_cells(original: Views, luma: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Return the opaque cells around which nothing but a gradient is."""
    smooth = _smooth(luma, _ROUGHEST)
    return smooth if original.alpha is None else smooth & _opaque_cells(original)


def _smooth(luma: npt.NDArray[np.float32], roughest: float) -> npt.NDArray[np.bool_]:
    """Return the cells around which nothing but a gradient is."""
    off = np.zeros(luma.shape, np.float32)
    off[:, 1:-1] = np.abs(luma[:, 1:-1] - (luma[:, 2:] + luma[:, :-2]) / 2)
    off[1:-1] = np.maximum(off[1:-1], np.abs(luma[1:-1] - (luma[2:] + luma[:-2]) / 2))
    calm = off <= roughest
    # A cell counts with its eight neighbours.
    calm[:, 1:-1] &= calm[:, 2:] & calm[:, :-2]
    calm[1:-1] &= calm[2:] & calm[:-2]
    return calm


def _opaque_cells(views: Views) -> npt.NDArray[np.bool_]:
    """Return the cells of which no pixel is transparent."""
    alpha = views.alpha
    if alpha is None:
        raise ValueError(views)
    rows, columns = (np.arange(0, length, 4) for length in alpha.shape)
    least = np.minimum.reduceat(np.minimum.reduceat(alpha, rows, axis=0), columns, axis=1)
    return np.asarray(least == _OPAQUE)


def _along(luma: npt.NDArray[np.float32], axis: int, stride: int) -> npt.NDArray[np.float32]:
    """Return by how much each step to the cell a stride ahead stands out from those beside it.

    On a slope all of them are alike; at the edge of a block or a band one is not. Each is
    averaged with the next along its edge, so that it is 8 pixels long.
    """
    across = luma if axis == 0 else luma.T
    steps = across[stride:] - across[:-stride]
    out = np.zeros(steps.shape, np.float32)
    beside = (steps[2 * stride :] + steps[: -2 * stride]) / 2
    out[stride:-stride] = steps[stride:-stride] - beside
    mean = np.abs(out)
    mean[:, :-1] = np.abs(out[:, :-1] + out[:, 1:]) / 2
    return np.asarray(mean if axis == 0 else mean.T)


class GrayStays:
    """Gray areas stay gray."""

    name = "gray"
    _CELLS = 2
    _GRAYEST = 0.75
    """Difference of channels, of 255, up to which the mean of a block is gray."""
    # (goal, difference of channels, of 255, that may be new)
    _MOST = ((53.0, 4.2), (65.0, 3.2), (77.0, 2.2), (89.0, 1.2))
    _POINTS = 4.0
    _PERCENT = 95
    _LEAST_SHARE = 0.01

    def __init__(self, original: Views) -> None:
        chroma = self._chroma(original)
        gray = chroma <= self._GRAYEST
        self._gray = gray
        self._matters = np.count_nonzero(gray) >= self._LEAST_SHARE * gray.size

    def points_left(self, made: Views, goal: float) -> float:
        """Return how much more colour gray may take on."""
        if not self._matters:
            return KEPT
        tint = float(np.percentile(self._chroma(made)[self._gray], self._PERCENT))
        return (interpolated(self._MOST, goal) - tint) * self._POINTS

    def _chroma(self, views: Views) -> npt.NDArray[np.float32]:
        means = merged(views.cells_on(BACKGROUNDS[0]), self._CELLS)
        return np.asarray(means.max(axis=-1) - means.min(axis=-1))
