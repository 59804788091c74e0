"""SSIMULACRA2 in numpy, fast enough to steer a search by it.

The metric is Jon Sneyers' (cloudinary/ssimulacra2, v2.1): structural similarity, added artefacts
and lost detail over three channels of a positive XYB colour space and six scales. Of its 108
weights only 25 exceed 0.01 and none of them is at the sixth scale; the rest moves a score by less
than 0.01 and is not computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from leanpix_engine.tiles import SAMPLED_ABOVE_PIXELS, Rgb, Tiles

Plane = npt.NDArray[np.float32]
Weights = npt.NDArray[np.float64]

_C2 = 0.0009
_SCALES = 6
_MIN_SIDE = 8
_NEGLIGIBLE = 0.01
"""A weight up to this is left out: all of those together change a sum of ~30 by less than 0.02."""

# Opsin absorbance and bias of JPEG XL (ISO 18181-1, annex L).
_OPSIN = np.array(
    [
        [0.30, 0.622, 0.078],
        [0.23, 0.692, 0.078],
        [0.24342268924547819, 0.20476744424496821, 0.5518098665095536],
    ],
    np.float32,
)
_BIAS = 0.0037930732552754493
_CBRT_BIAS = float(np.cbrt(_BIAS))

_SSIM, _ARTIFACT, _DETAIL = 0, 1, 2
_X, _Y, _B = 0, 1, 2
_SAMPLED_SCALES = 2
_STRIP = 32
# (channel, scale, norm, map) -> weight; norm 0 is the mean, 1 the 4-norm. From the reference's
# table.
_WEIGHTS_AT: dict[tuple[int, int, int, int], float] = {
    (0, 1, 1, _SSIM): 1.1041726426657346,
    (0, 2, 1, _SSIM): 1.8422455520539298,
    (0, 2, 1, _ARTIFACT): 11.441172603757666,
    (0, 3, 1, _SSIM): 1.8787594979546387,
    (0, 3, 1, _ARTIFACT): 10.94906990605142,
    (0, 4, 0, _ARTIFACT): 0.9677937080626833,
    (0, 4, 1, _ARTIFACT): 0.9981766977854967,
    (1, 0, 1, _SSIM): 7.466890328078848,
    (1, 0, 1, _DETAIL): 17.445833984131262,
    (1, 1, 1, _SSIM): 6.683678146179332,
    (1, 1, 1, _DETAIL): 1.027889937768264,
    (1, 2, 0, _SSIM): 225.20515300849274,
    (1, 2, 1, _SSIM): 19.213238186143016,
    (1, 3, 0, _SSIM): 176.39317598450694,
    (1, 3, 1, _SSIM): 24.43300999870476,
    (1, 3, 1, _ARTIFACT): 0.28520802612117757,
    (1, 4, 1, _SSIM): 34.77906344483772,
    (1, 4, 1, _ARTIFACT): 44.835625328877896,
    (2, 3, 1, _SSIM): 8.826982764996862,
    (2, 3, 1, _ARTIFACT): 23.19243343998926,
    (2, 4, 0, _SSIM): 95.1080498811086,
    (2, 4, 0, _ARTIFACT): 0.9863978034400682,
    (2, 4, 0, _DETAIL): 0.9834382792465353,
    (2, 4, 1, _ARTIFACT): 171.2667255897307,
    (2, 4, 1, _DETAIL): 0.9807858872435379,
}


def _flat_weights() -> Weights:
    table = np.zeros((3, _SCALES, 2, 3))
    for place, weight in _WEIGHTS_AT.items():
        table[place] = weight
    return table.reshape(-1)


_FLAT_WEIGHTS = _flat_weights()


def _weights(scales: int) -> Weights:
    """(channel, scale, norm, map); with fewer scales the reference reads on without a gap."""
    return _FLAT_WEIGHTS[: 3 * scales * 6].reshape(3, scales, 2, 3)


_SRGB_KNEE = 0.04045  # IEC 61966-2-1
_LINEAR = np.where(
    np.arange(256) / 255 <= _SRGB_KNEE,
    np.arange(256) / 255 / 12.92,
    ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4,
).astype(np.float32)

_RADIUS = 5
_TAPS = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / 1.5) ** 2)
_TAPS = (_TAPS / _TAPS.sum()).astype(np.float32)
_BLOCK = 48
"""Samples per matrix product: large enough for BLAS, small enough to multiply by few zeros."""


@lru_cache(maxsize=32)
def _bands(length: int, *, mirrored: bool) -> tuple[tuple[slice, slice, Plane], ...]:
    """The blur of a line as products: (outputs, inputs, matrix) for each block of it.

    Beyond the ends the line is zero, or mirrored.
    """
    blocks = []
    for start in range(0, length, _BLOCK):
        stop = min(length, start + _BLOCK)
        first, last = max(0, start - _RADIUS), min(length, stop + _RADIUS)
        matrix = np.zeros((stop - start, last - first), np.float32)
        for row in range(start, stop):
            for tap, at in enumerate(range(row - _RADIUS, row + _RADIUS + 1)):
                inside = at
                if mirrored and not 0 <= at < length:
                    inside = min(length - 1, max(0, -1 - at if at < 0 else 2 * length - 1 - at))
                if first <= inside < last:
                    matrix[row - start, inside - first] += _TAPS[tap]
        blocks.append((slice(start, stop), slice(first, last), matrix))
    return tuple(blocks)


def blur(plane: Plane) -> Plane:
    """Gaussian of sigma 1.5 as products with band matrices, which BLAS makes fast.

    Left and right of the image is zero, above and below it is mirrored, as in PyPI's
    `ssimulacra2`. The C++ tool takes zero all around and so weighs the border less: it scores up
    to 1 higher, never lower.
    """
    rows = np.empty_like(plane)
    for outputs, inputs, matrix in _bands(plane.shape[0], mirrored=True):
        np.matmul(matrix, plane[inputs], out=rows[outputs])
    result = np.empty_like(plane)
    for outputs, inputs, matrix in _bands(plane.shape[1], mirrored=False):
        np.matmul(rows[:, inputs], matrix.T, out=result[:, outputs])
    return result


def _halve(planes: Plane) -> Plane:
    """Mean of 2 x 2 samples; an odd last row or column counts twice."""
    _, height, width = planes.shape
    if height % 2 or width % 2:
        planes = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    rows = planes[:, 0::2] + planes[:, 1::2]
    return (rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25)


def _xyb(linear: Plane, channels: tuple[int, ...]) -> dict[int, Plane]:
    """The positive X, Y and B-Y planes asked for, of (3, height, width) linear light."""
    _, height, width = linear.shape
    cones = 3 if _B in channels else 2
    mixed = _OPSIN[:cones] @ linear.reshape(3, -1)
    mixed += np.float32(_BIAS)
    np.maximum(mixed, 0, out=mixed)
    np.cbrt(mixed, out=mixed)
    mixed -= np.float32(_CBRT_BIAS)
    cone = mixed.reshape(cones, height, width)
    y = (cone[0] + cone[1]) * np.float32(0.5)
    planes: dict[int, Plane] = {}
    if _X in channels:
        planes[_X] = (cone[0] - cone[1]) * np.float32(7.0) + np.float32(0.42)
    if _Y in channels:
        planes[_Y] = y + np.float32(0.01)
    if _B in channels:
        planes[_B] = (cone[2] - y) + np.float32(0.55)
    return planes


@dataclass(frozen=True, slots=True)
class _Side:
    """One channel of one image at one scale."""

    plane: Plane
    mean: Plane
    square: Plane


class _Scales:
    """Some scales of the reference image."""

    def __init__(self, linear: Plane, scales: range, weights: Weights) -> None:
        self._scales = scales
        self._weights = weights
        self._sides = [
            {
                channel: _Side(plane, blur(plane), blur(plane * plane))
                for channel, plane in planes.items()
            }
            for planes in self._pyramid(linear)
        ]

    def _pyramid(self, linear: Plane) -> Iterator[dict[int, Plane]]:
        for scale in self._scales:
            channels = tuple(
                channel for channel in range(3) if self._weights[channel, scale].any()
            )
            yield _xyb(linear, channels) if channels else {}
            if scale + 1 < self._scales.stop:
                linear = _halve(linear)

    def maps(self, linear: Plane) -> Iterator[tuple[int, int, Plane, Weights]]:
        """(scale, kind, map, its weights for mean and 4-norm) of every map that has weight."""
        for scale, sides, planes in zip(
            self._scales, self._sides, self._pyramid(linear), strict=True
        ):
            for channel, plane in planes.items():
                weights = self._weights[channel, scale]
                for kind, values in _error_maps(sides[channel], plane, weights.any(axis=0)):
                    yield scale, kind, values, weights[:, kind]

    def lightness_maps(self, linear: Plane) -> dict[int, Plane]:
        """All error maps of the Y channel at the first of these scales."""
        plane = _xyb(linear, (_Y,))[_Y]
        return dict(_error_maps(self._sides[0][_Y], plane, (True, True, True)))


class _Whole:
    """An image of which every scale is compared in full."""

    def __init__(self, rgb: Rgb, scales: int) -> None:
        self._scales = _Scales(_linear(rgb), range(scales), _weights(scales))

    def total(self, rgb: Rgb) -> float:
        """The weighted differences of `rgb`."""
        return _total(self._scales.maps(_linear(rgb)))


class _Sampled:
    """A large image: the two finest scales are taken from tiles, the others in full.

    Those carry most of the weight and cost a sixteenth. What the tiles miss is made good by how
    far they miss the errors of the next scale, which is known in full (a ratio estimate). The
    finest scales have weight in 4-norms alone.
    """

    def __init__(self, rgb: Rgb, tiles: Tiles, scales: int) -> None:
        weights = _weights(scales)
        self._tiles = tiles
        self._fine = _Scales(_linear(tiles.mosaic(rgb)), range(_SAMPLED_SCALES), weights)
        self._coarse = _Scales(_quarter(rgb), range(_SAMPLED_SCALES, scales), weights)

    def total(self, rgb: Rgb) -> float:
        """The weighted differences of `rgb`, estimated."""
        quarter = _quarter(rgb)
        missed = {
            kind: _mean4(values) / max(self._tiles.mean4_at_quarter(values), 1e-20)
            for kind, values in self._coarse.lightness_maps(quarter).items()
        }
        fine = sum(
            float(weights[1]) * (self._tiles.mean4(values, 1 << scale) * missed[kind]) ** 0.25
            for scale, kind, values, weights in self._fine.maps(_linear(self._tiles.mosaic(rgb)))
        )
        return _total(self._coarse.maps(quarter)) + float(fine)


class Reference:
    """An image to compare others with; above 3 MP by a sample of its finest detail."""

    def __init__(self, rgb: Rgb) -> None:
        """`rgb` is (height, width, 3), 8 bits, sRGB."""
        height, width = rgb.shape[:2]
        self._shape = (height, width)
        scales = _scales_of(height, width)
        tiles = Tiles.chosen(rgb) if height * width > SAMPLED_ABOVE_PIXELS else None
        self._side = _Sampled(rgb, tiles, scales) if tiles else _Whole(rgb, scales)

    def score(self, rgb: Rgb) -> float:
        """SSIMULACRA2 of `rgb`; 100 is identical, below 0 is possible.

        Raises:
            ValueError: another size than the reference's.
        """
        if rgb.shape[:2] != self._shape:
            message = f"sizes differ: {self._shape} and {rgb.shape[:2]}"
            raise ValueError(message)
        return _to_score(self._side.total(rgb))


def _linear(rgb: Rgb) -> Plane:
    """Linear light as (3, height, width)."""
    return _LINEAR[rgb.transpose(2, 0, 1)]


def _quarter(rgb: Rgb) -> Plane:
    """Linear light at a quarter of the size, made in strips that stay in the processor's cache."""
    height, width = rgb.shape[:2]
    result = np.empty((3, -(-height // 4), -(-width // 4)), np.float32)
    for top in range(0, height, _STRIP):
        strip = rgb[top : top + _STRIP]
        if strip.shape[0] % 4 or width % 4:
            quarter = _halve(_halve(_linear(strip)))
        else:
            quarter = _quarter_of_whole(strip)
        result[:, top // 4 : top // 4 + quarter.shape[1]] = quarter
    return result


def _quarter_of_whole(rgb: Rgb) -> Plane:
    """The same for sides that are multiples of 4: sums of rows, then of columns."""
    linear = _LINEAR[rgb]
    rows = linear[0::4] + linear[1::4]
    rows += linear[2::4]
    rows += linear[3::4]
    columns = rows.reshape(rows.shape[0], -1, 4, 3)
    sums = columns[:, :, 0] + columns[:, :, 1]
    sums += columns[:, :, 2]
    sums += columns[:, :, 3]
    sums *= np.float32(1 / 16)
    return sums.transpose(2, 0, 1)


def _scales_of(height: int, width: int) -> int:
    scales = 0
    while scales < _SCALES and min(height, width) >= _MIN_SIDE:
        scales, height, width = scales + 1, (height + 1) // 2, (width + 1) // 2
    return scales


def _error_maps(side: _Side, plane: Plane, wanted: Sequence[bool]) -> Iterator[tuple[int, Plane]]:
    """The error maps of one channel at one scale; `_DETAIL` is 0 or less, the others 0 or more."""
    mean = blur(plane)
    if wanted[_SSIM]:
        yield _SSIM, _ssim_error(side, plane, mean)
    if wanted[_ARTIFACT] or wanted[_DETAIL]:
        edges = np.abs(plane - mean)
        edges += 1
        reference = np.abs(side.plane - side.mean)
        reference += 1
        edges /= reference
        edges -= 1
        if wanted[_ARTIFACT]:
            yield _ARTIFACT, np.maximum(edges, 0)
        if wanted[_DETAIL]:
            yield _DETAIL, np.minimum(edges, 0)


def _ssim_error(side: _Side, plane: Plane, mean: Plane) -> Plane:
    """1 - SSIM, not below 0, without the luminance denominators that SSIMULACRA2 leaves out."""
    product = side.mean * mean
    product *= 2
    covariance = blur(side.plane * plane)
    covariance *= 2
    covariance -= product
    covariance += np.float32(_C2)
    gap = side.mean - mean
    gap *= gap
    variances = blur(plane * plane)
    variances += side.square
    variances -= product  # m1^2 + m2^2 = 2 m1 m2 + (m1 - m2)^2
    variances -= gap
    variances += np.float32(_C2)
    covariance /= variances
    gap -= 1
    covariance *= gap
    covariance += 1
    return np.maximum(covariance, 0, out=covariance)


def _total(maps: Iterator[tuple[int, int, Plane, Weights]]) -> float:
    """Means and 4-norms of error maps, weighted and summed."""
    total = 0.0
    for _, _, values, weights in maps:
        if weights[0]:
            total += float(weights[0]) * abs(float(values.mean(dtype=np.float64)))
        if weights[1]:
            total += float(weights[1]) * _mean4(values) ** 0.25
    return total


def _mean4(values: Plane) -> float:
    """The mean of the fourth powers."""
    squares = np.square(values).ravel()
    return float(np.dot(squares, squares)) / squares.size


def _to_score(total: float) -> float:
    """The reference's polynomial from weighted differences to the scale of 100."""
    total *= 0.9562382616834844
    total = (
        2.326765642916932 * total
        - 0.020884521182843837 * total**2
        + 6.248496625763138e-05 * total**3
    )
    return 100.0 - 10.0 * total**0.6276336467831387 if total > 0 else 100.0
