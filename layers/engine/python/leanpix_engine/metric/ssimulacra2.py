"""Compute SSIMULACRA2, fast enough to steer a search by it.

The metric is Jon Sneyers' (cloudinary/ssimulacra2, v2.1): structural similarity, added artefacts
and lost detail over three channels of a positive XYB colour space and six scales. Of its 108
weights only 25 exceed 0.01 and none of them is at the sixth scale; the rest moves a score by less
than 0.01 and is not computed. The maps come from C, or from numpy where that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.metric import scales_native, scales_numpy
from leanpix_engine.metric.sampling import SAMPLED_ABOVE_PIXELS, Rgb, Sample
from leanpix_engine.metric.scales import ARTIFACT, DETAIL, STRUCTURE, Means, Scale, Y

Weights = npt.NDArray[np.float64]
"""(channel, scale, norm, map)."""

_SCALES = 6
_MIN_SIDE = 8
_SAMPLED_SCALES = 2
# (channel, scale, norm, map) -> weight; norm 0 is the mean, 1 the 4-norm. From the reference's
# table; weights up to 0.01 are left out: all of those together change a sum of ~30 by less than
# 0.02.
_WEIGHTS_AT: dict[tuple[int, int, int, int], float] = {
    (0, 1, 1, STRUCTURE): 1.1041726426657346,
    (0, 2, 1, STRUCTURE): 1.8422455520539298,
    (0, 2, 1, ARTIFACT): 11.441172603757666,
    (0, 3, 1, STRUCTURE): 1.8787594979546387,
    (0, 3, 1, ARTIFACT): 10.94906990605142,
    (0, 4, 0, ARTIFACT): 0.9677937080626833,
    (0, 4, 1, ARTIFACT): 0.9981766977854967,
    (1, 0, 1, STRUCTURE): 7.466890328078848,
    (1, 0, 1, DETAIL): 17.445833984131262,
    (1, 1, 1, STRUCTURE): 6.683678146179332,
    (1, 1, 1, DETAIL): 1.027889937768264,
    (1, 2, 0, STRUCTURE): 225.20515300849274,
    (1, 2, 1, STRUCTURE): 19.213238186143016,
    (1, 3, 0, STRUCTURE): 176.39317598450694,
    (1, 3, 1, STRUCTURE): 24.43300999870476,
    (1, 3, 1, ARTIFACT): 0.28520802612117757,
    (1, 4, 1, STRUCTURE): 34.77906344483772,
    (1, 4, 1, ARTIFACT): 44.835625328877896,
    (2, 3, 1, STRUCTURE): 8.826982764996862,
    (2, 3, 1, ARTIFACT): 23.19243343998926,
    (2, 4, 0, STRUCTURE): 95.1080498811086,
    (2, 4, 0, ARTIFACT): 0.9863978034400682,
    (2, 4, 0, DETAIL): 0.9834382792465353,
    (2, 4, 1, ARTIFACT): 171.2667255897307,
    (2, 4, 1, DETAIL): 0.9807858872435379,
}


def _flat_weights() -> Weights:
    table = np.zeros((3, _SCALES, 2, 3))
    for place, weight in _WEIGHTS_AT.items():
        table[place] = weight
    return table.reshape(-1)


_FLAT_WEIGHTS = _flat_weights()


def _weights(scales: int) -> Weights:
    """Return the weights of so many scales; the reference reads them on without a gap."""
    return _FLAT_WEIGHTS[: 3 * scales * 6].reshape(3, scales, 2, 3)


class _Whole:
    """An image of which every scale is compared in full."""

    def __init__(self, rgb: Rgb, weights: Weights) -> None:
        height, width = rgb.shape[:2]
        self._weights = weights
        self._scales = _backend().ReferenceScales(rgb, _scales_from(height, width, weights))

    def total(self, rgb: Rgb) -> float:
        """Return the weighted differences of `rgb`."""
        return _total(self._scales.means(rgb), self._weights)


class _Sampled:
    """A large image: the two finest scales are taken from tiles, the others in full.

    Those carry most of the weight and cost a sixteenth. What the tiles miss is made good by how
    far they miss the errors of the next scale, which is known in full (a ratio estimate). The
    finest scales have weight in 4-norms alone.
    """

    def __init__(self, rgb: Rgb, sample: Sample, weights: Weights) -> None:
        backend = _backend()
        self._sample = sample
        self._quarter = backend.quarter
        self._fine_weights = weights[:, :_SAMPLED_SCALES]
        self._coarse_weights = weights[:, _SAMPLED_SCALES:]
        self._fine = backend.ReferenceScales(
            sample.mosaic(rgb),
            [
                Scale(_wanted(self._fine_weights, scale), sample.boxes_in_mosaic(1 << scale))
                for scale in range(_SAMPLED_SCALES)
            ],
        )
        quarter = backend.quarter(rgb)
        _, height, width = quarter.shape
        first, *others = _scales_from(height, width, self._coarse_weights)
        wanted = first.wanted.copy()
        wanted[Y] = True
        boxes = np.concatenate([first.boxes, sample.boxes_at_quarter()])
        self._coarse = backend.ReferenceScales(quarter, [Scale(wanted, boxes), *others])

    def total(self, rgb: Rgb) -> float:
        """Estimate the weighted differences of `rgb`."""
        coarse = list(self._coarse.means(self._quarter(rgb)))
        missed = [of_map[1] / max(self._sample.mean(of_map[2:]), 1e-20) for of_map in coarse[0][Y]]
        fine = 0.0
        for scale, means in enumerate(self._fine.means(self._sample.mosaic(rgb))):
            weights = self._fine_weights[:, scale, 1]
            for channel, kind in np.argwhere(weights):
                mean4 = self._sample.mean(means[channel, kind, 1:]) * missed[kind]
                fine += float(weights[channel, kind]) * mean4**0.25
        return _total(coarse, self._coarse_weights) + fine


class Reference:
    """An image to compare others with; above 3 MP by a sample of its finest detail."""

    def __init__(self, rgb: Rgb) -> None:
        """Take an image of (height, width, 3), 8 bits, sRGB."""
        height, width = rgb.shape[:2]
        self._shape = (height, width)
        weights = _weights(_scales_of(height, width))
        sample = Sample.chosen(rgb) if height * width > SAMPLED_ABOVE_PIXELS else None
        self._side = _Sampled(rgb, sample, weights) if sample else _Whole(rgb, weights)

    def score(self, rgb: Rgb) -> float:
        """Return the SSIMULACRA2 of `rgb`; 100 is identical, below 0 is possible.

        Raises:
            ValueError: another size than the reference's.
        """
        if rgb.shape[:2] != self._shape:
            message = f"sizes differ: {self._shape} and {rgb.shape[:2]}"
            raise ValueError(message)
        return _to_score(self._side.total(rgb))


def _backend() -> ModuleType:
    return scales_native if native.available() else scales_numpy


def _scales_from(height: int, width: int, weights: Weights) -> list[Scale]:
    """Return the scales that have weight, from that size on, with each map taken as a whole."""
    scales = []
    for scale in range(weights.shape[1]):
        if weights[:, scale:].any():
            scales.append(Scale(_wanted(weights, scale), np.array([(0, 0, height, width)])))
        height, width = (height + 1) // 2, (width + 1) // 2
    return scales


def _wanted(weights: Weights, scale: int) -> npt.NDArray[np.bool_]:
    """Return the maps of a scale, (channel, map), that have weight in either norm."""
    return np.asarray(weights[:, scale].any(axis=1))


def _scales_of(height: int, width: int) -> int:
    scales = 0
    while scales < _SCALES and min(height, width) >= _MIN_SIDE:
        scales, height, width = scales + 1, (height + 1) // 2, (width + 1) // 2
    return scales


def _total(scales: Iterable[Means], weights: Weights) -> float:
    """Return the weighted sum of means and 4-norms of error maps."""
    return sum(
        float(
            (weights[:, scale, 0] * np.abs(means[..., 0])).sum()
            + (weights[:, scale, 1] * means[..., 1] ** 0.25).sum()
        )
        for scale, means in enumerate(scales)
    )


def _to_score(total: float) -> float:
    """Map weighted differences to the scale of 100, by the reference's polynomial."""
    total *= 0.9562382616834844
    total = (
        2.326765642916932 * total
        - 0.020884521182843837 * total**2
        + 6.248496625763138e-05 * total**3
    )
    return 100.0 - 10.0 * total**0.6276336467831387 if total > 0 else 100.0
