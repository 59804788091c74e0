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
from leanpix_engine.search.targets import interpolated

SMALL_SIDE: Final = 256
"""Pictures smaller than this a side are looked at more closely: SSIMULACRA2 hardly sees them."""
_PHOTO_ALLOWANCE: Final = 20.0
"""Points by which a small photo may look worse enlarged, at the largest size; less at smaller
ones, where quality costs next to nothing. Without it, thumbnails of 224 pixels double."""
_FLAT_SHARE: Final = 0.2
"""Of pixels equal to their left neighbour, from which an opaque picture counts as drawn."""


class Opinion(Protocol):
    """One way to see a frame."""

    name: str

    def score(self, made: Views) -> float:
        """Return how good `made` looks, on the scale of SSIMULACRA2."""


def opinions_on(original: Views) -> list[Opinion]:
    """Return the opinions that are worth their time for a frame."""
    side = max(original.size)
    if side >= SMALL_SIDE:
        return []
    if _is_drawn(original):
        return [Colours(original), Enlarged(original, allowance=0.0)]
    return [Enlarged(original, allowance=_PHOTO_ALLOWANCE * side / SMALL_SIDE)]


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
