"""Second opinions where SSIMULACRA2 is weak, each on its scale, so that the weakest can count."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from leanpix_engine.judge.views import BACKGROUNDS, Views
from leanpix_engine.metric.ciede2000 import difference, lab
from leanpix_engine.metric.sampling import Rgb
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.metric.worst import worst
from leanpix_engine.search.targets import interpolated

SMALL_SIDE: Final = 256
"""Pictures smaller than this a side are looked at more closely: SSIMULACRA2 hardly sees them."""
_PHOTO_ALLOWANCE: Final = 20.0
"""Points by which a small photo may look worse enlarged, at the largest size; less at smaller
ones, where quality costs next to nothing. Without it, thumbnails of 224 pixels double."""
_FLAT_SHARE: Final = 0.2
"""Of pixels equal to their left neighbour, from which an opaque picture counts as drawn."""


_Steps = npt.NDArray[np.int16]


class Opinion(Protocol):
    """One way to see a frame."""

    name: str

    def score(self, made: Views) -> float:
        """Return how good `made` looks, on the scale of SSIMULACRA2."""


def opinions_on(original: Views) -> list[Opinion]:
    """Return the opinions that are worth their time for a frame."""
    drawn = _is_drawn(original)
    found: list[Opinion] = [Edges(original)] if Edges.has_some(original) else []
    if Brightened.is_dark(original):
        found.append(Brightened(original))
    side = max(original.size)
    if side >= SMALL_SIDE:
        return found
    allowance = 0.0 if drawn else _PHOTO_ALLOWANCE * side / SMALL_SIDE
    found += [Enlarged(original, allowance=allowance), WorstSpot(original, allowance=allowance)]
    return [*found, Colours(original)] if drawn else found


def _is_drawn(original: Views) -> bool:
    """Tell icons and logos from small photos, whose texture hides more."""
    colour = original.colour
    equal = (colour[:, 1:] == colour[:, :-1]).all(axis=-1)
    return original.alpha is not None or float(np.mean(equal)) >= _FLAT_SHARE


class Colours:
    """The colours of a small picture, by CIEDE2000 on what is seen."""

    name = "colours"
    # CIEDE2000 (the mean; 95 pixels in a hundred) -> score
    _OF_MEAN = ((0.0, 100.0), (0.4, 90.0), (0.97, 77.0), (1.5, 65.0), (2.8, 45.0), (6.0, 0.0))
    _OF_MOST = ((0.0, 100.0), (1.6, 90.0), (3.4, 77.0), (5.5, 65.0), (10.0, 45.0), (25.0, 0.0))
    _PERCENT = 95

    def __init__(self, original: Views) -> None:
        """Convert what is seen of the original, on each background."""
        self._seen = original.seen
        self._sides = [
            (background, self._lab(original, background))
            for background in BACKGROUNDS[: 1 if original.alpha is None else None]
        ]

    def score(self, made: Views) -> float:
        """Return the score of the mean or of the 95th percentile, whichever is lower."""
        return min(self._score(before, self._lab(made, at)) for at, before in self._sides)

    def _score(self, before: npt.NDArray[np.float32], after: npt.NDArray[np.float32]) -> float:
        if not len(before):
            return 100.0
        lost = difference(before, after)
        return min(
            interpolated(self._OF_MEAN, float(lost.mean())),
            interpolated(self._OF_MOST, float(np.percentile(lost, self._PERCENT))),
        )

    def _lab(self, views: Views, background: int) -> npt.NDArray[np.float32]:
        shown = views.on(background)
        return lab(shown.reshape(-1, 3) if self._seen is None else shown[self._seen])


class Enlarged:
    """A small picture as a dense screen shows it, or a close look: SSIMULACRA2 of it enlarged."""

    name = "enlarged"
    _MOST_TIMES = 4

    def __init__(self, original: Views, *, allowance: float) -> None:
        """Enlarge the original, on each background; `allowance` is added to every score."""
        self._allowance = allowance
        self._times = min(self._MOST_TIMES, max(2, SMALL_SIDE // max(original.size)))
        self._references = [
            (background, Reference(self._enlarged(original.on(background))))
            for background in BACKGROUNDS[: 1 if original.alpha is None else None]
        ]

    def score(self, made: Views) -> float:
        """Return the score on the background where it is lower."""
        scores = [
            reference.score(self._enlarged(made.on(at))) for at, reference in self._references
        ]
        return min(scores) + self._allowance

    def _enlarged(self, rgb: Rgb) -> Rgb:
        height, width = rgb.shape[:2]
        size = (width * self._times, height * self._times)
        larger = Image.fromarray(rgb).resize(size, Image.Resampling.BICUBIC)
        return np.ascontiguousarray(larger)


class WorstSpot:
    """The largest difference anywhere in a small picture, where all others are means."""

    name = "worst_spot"
    # Largest difference, in degrees of mid gray -> score
    _OF_WORST = ((0.0, 100.0), (1.4, 90.0), (3.0, 77.0), (4.5, 65.0), (8.0, 45.0), (20.0, 0.0))

    def __init__(self, original: Views, *, allowance: float) -> None:
        """Keep the original; `allowance` is added to every score."""
        self._allowance = allowance
        self._original = original
        self._backgrounds = BACKGROUNDS[: 1 if original.alpha is None else None]

    def score(self, made: Views) -> float:
        """Return the score on the background where it is lower."""
        found = max(worst(self._original.on(at), made.on(at)) for at in self._backgrounds)
        return interpolated(self._OF_WORST, found) + self._allowance


class Edges:
    """The sharp edges of a drawing, as of its letters: they stay sharp, and nothing rings by them.

    A mean over a large picture hardly feels a little text on it.
    """

    name = "edges"
    _SHARP = 48
    """Difference of neighbours' luma, of 255, from which there is an edge."""
    _MOST_PIXELS = 1_000_000
    _FLAT_SHARE = 0.6
    """Of pixels like their left neighbour: that many only drawings have."""
    _LEAST_SHARE, _MOST_SHARE, _LEAST = 0.0005, 0.1, 200
    _PERCENT = 90
    # The change of a step at an edge, as a share of it, in nine of ten -> score
    _OF_CHANGE = ((0.0, 100.0), (0.08, 90.0), (0.22, 77.0), (0.34, 65.0), (0.55, 40.0), (1.0, 0.0))

    def __init__(self, original: Views) -> None:
        """Find the edges of the original."""
        steps = self._steps(original)
        self._places = [np.abs(part) >= self._SHARP for part in steps]
        self._heights = self._at_edges(steps)

    @classmethod
    def has_some(cls, original: Views) -> bool:
        """Return whether a frame is a drawing with edges, and not made of them as a texture is."""
        steps, _ = cls._steps(original)
        if float(np.mean(steps == 0)) < cls._FLAT_SHARE:
            return False
        least = max(cls._LEAST, cls._LEAST_SHARE * steps.size)
        found = np.count_nonzero(np.abs(steps) >= cls._SHARP)
        return bool(least <= found <= cls._MOST_SHARE * steps.size)

    def score(self, made: Views) -> float:
        """Return the score of the change that nine in ten edges stay below."""
        change = np.abs(self._at_edges(self._steps(made)) - self._heights) / np.abs(self._heights)
        return interpolated(self._OF_CHANGE, float(np.percentile(change, self._PERCENT)))

    def _at_edges(self, steps: tuple[_Steps, _Steps]) -> npt.NDArray[np.float32]:
        found = [part[places] for part, places in zip(steps, self._places, strict=True)]
        return np.concatenate(found).astype(np.float32)

    @classmethod
    def _steps(cls, views: Views) -> tuple[_Steps, _Steps]:
        """Return the steps of luma along rows and down columns; of a large picture in some."""
        rgb = views.on(BACKGROUNDS[0])
        every = max(1, round(rgb.shape[0] * rgb.shape[1] / cls._MOST_PIXELS))
        return np.diff(_luma(rgb[::every]), axis=1), np.diff(_luma(rgb[:, ::every]), axis=0)


def _luma(rgb: Rgb) -> _Steps:
    """Return luma of 255 (ITU-R BT.601), in integers."""
    red, green, blue = (rgb[..., channel].astype(np.int16) for channel in range(3))
    return np.asarray((red * 38 + green * 75 + blue * 15) >> 7, np.int16)


class Brightened:
    """A dark scene as it looks in a dark room, or on a screen that lifts the shadows."""

    name = "brightened"
    _DARK, _LEAST_SHARE = 48, 0.6
    """Luma, of 255, below which a pixel is dark; the share of them that makes a dark scene."""
    _MOST_SIDE = 512
    """Pixels a side that are looked at."""
    _POWER = 0.6
    """Of brightness, about as much as from a display's gamma of 2.2 to 1.3."""
    _ALLOWANCE = 20.0

    def __init__(self, original: Views) -> None:
        """Brighten the original."""
        self._reference = Reference(self._brightened(original))

    @classmethod
    def is_dark(cls, original: Views) -> bool:
        """Return whether most of a frame is dark, but not plainly black."""
        every = 1 + max(original.size) // cls._MOST_SIDE
        luma = _luma(original.on(BACKGROUNDS[0])[::every, ::every])
        dark, black = luma < cls._DARK, luma < 1
        shown = float(np.mean(dark & ~black))
        return original.alpha is None and shown >= cls._LEAST_SHARE

    def score(self, made: Views) -> float:
        """Return SSIMULACRA2 of what is brightened, and what that makes worse in any case."""
        return self._reference.score(self._brightened(made)) + self._ALLOWANCE

    def _brightened(self, views: Views) -> Rgb:
        levels = np.rint(255 * (np.arange(256) / 255) ** self._POWER).astype(np.uint8)
        return np.ascontiguousarray(levels[views.on(BACKGROUNDS[0])])
