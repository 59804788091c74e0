"""SSIMULACRA2 in numpy, for steering a search: the reference side is computed once, dead weight is left out.

The metric is Jon Sneyers' (cloudinary/ssimulacra2, v2.1): structural similarity, added artefacts and lost
detail over three channels of a positive XYB colour space and six scales. Of its 108 weights only 25 exceed
0.01 and none of them is at the sixth scale; the rest moves a score by less than 0.01 and is not computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Rgb = npt.NDArray[np.uint8]

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
# (channel, scale, norm, map) -> weight; norm 0 is the mean, 1 the 4-norm. From the reference's table.
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


def _flat_weights() -> npt.NDArray[np.float64]:
    table = np.zeros((3, _SCALES, 2, 3))
    for place, weight in _WEIGHTS_AT.items():
        table[place] = weight
    return table.reshape(-1)


_FLAT_WEIGHTS = _flat_weights()


def _weights(scales: int) -> npt.NDArray[np.float64]:
    """(channel, scale, norm, map). With fewer scales the reference reads on in its table without a gap."""
    return _FLAT_WEIGHTS[: 3 * scales * 6].reshape(3, scales, 2, 3)


_LINEAR = np.where(
    np.arange(256) / 255 <= 0.04045, np.arange(256) / 255 / 12.92, ((np.arange(256) / 255 + 0.055) / 1.055) ** 2.4
).astype(np.float32)

_RADIUS = 5
_TAPS = np.exp(-0.5 * (np.arange(-_RADIUS, _RADIUS + 1) / 1.5) ** 2)
_TAPS = (_TAPS / _TAPS.sum()).astype(np.float32)
_BLOCK = 64


def _band(size: int) -> Plane:
    """The blur of `size` samples as a matrix over them and their neighbours within the radius."""
    matrix = np.zeros((size, size + 2 * _RADIUS), np.float32)
    for row in range(size):
        matrix[row, row : row + 2 * _RADIUS + 1] = _TAPS
    return matrix


_BAND = _band(_BLOCK)


def blur(plane: Plane) -> Plane:
    """Gaussian of sigma 1.5, zero beyond the border, as a product with a band matrix: BLAS makes it fast."""
    height, width = plane.shape
    padded = np.zeros((height + 2 * _RADIUS, width + 2 * _RADIUS), np.float32)
    padded[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS] = plane
    rows = np.empty((height, width + 2 * _RADIUS), np.float32)
    for top in range(0, height, _BLOCK):
        size = min(_BLOCK, height - top)
        band = _BAND[:size, : size + 2 * _RADIUS]
        np.matmul(band, padded[top : top + size + 2 * _RADIUS], out=rows[top : top + size])
    result = np.empty((height, width), np.float32)
    for left in range(0, width, _BLOCK):
        size = min(_BLOCK, width - left)
        band = _BAND[:size, : size + 2 * _RADIUS].T
        np.matmul(rows[:, left : left + size + 2 * _RADIUS], band, out=result[:, left : left + size])
    return result


def _halve(planes: Plane) -> Plane:
    """Mean of 2 x 2 samples of (3, height, width); an odd last row or column counts as its own double."""
    _, height, width = planes.shape
    if height % 2 or width % 2:
        planes = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    rows = planes[:, 0::2] + planes[:, 1::2]
    return (rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25)


def _xyb(linear: Plane, channels: tuple[int, ...]) -> dict[int, Plane]:
    """The positive X, Y and B-Y planes asked for, of (3, height, width) linear light."""
    _, height, width = linear.shape
    cones = 3 if 2 in channels else 2
    mixed = _OPSIN[:cones] @ linear.reshape(3, -1)
    mixed += np.float32(_BIAS)
    np.maximum(mixed, 0, out=mixed)
    np.cbrt(mixed, out=mixed)
    mixed -= np.float32(_CBRT_BIAS)
    cone = mixed.reshape(cones, height, width)
    y = (cone[0] + cone[1]) * np.float32(0.5)
    planes: dict[int, Plane] = {}
    if 0 in channels:
        planes[0] = (cone[0] - cone[1]) * np.float32(7.0) + np.float32(0.42)
    if 1 in channels:
        planes[1] = y + np.float32(0.01)
    if 2 in channels:
        planes[2] = (cone[2] - y) + np.float32(0.55)
    return planes


@dataclass(slots=True)
class _Side:
    """One channel of one image at one scale."""

    plane: Plane
    mean: Plane
    square: Plane


class Reference:
    """An image to compare others with. Costs memory of about 30 bytes per pixel while it lives."""

    def __init__(self, rgb: Rgb) -> None:
        """`rgb` is (height, width, 3), 8 bits, sRGB."""
        self._shape = rgb.shape[:2]
        self._scales = _scales_of(rgb.shape[0], rgb.shape[1])
        self._weights = _weights(self._scales)
        self._sides: list[dict[int, _Side]] = []
        for planes in self._pyramid(rgb):
            self._sides.append({c: _Side(plane, blur(plane), blur(plane * plane)) for c, plane in planes.items()})

    def _pyramid(self, rgb: Rgb) -> list[dict[int, Plane]]:
        linear = np.ascontiguousarray(_LINEAR[rgb].transpose(2, 0, 1))
        levels = []
        for scale in range(self._scales):
            channels = tuple(c for c in range(3) if self._weights[c, scale].any())
            levels.append(_xyb(linear, channels) if channels else {})
            if scale + 1 < self._scales:
                linear = _halve(linear)
        return levels

    def score(self, rgb: Rgb) -> float:
        """SSIMULACRA2 of `rgb` (same size as the reference); 100 is identical, below 0 is possible.

        Raises:
            ValueError: another size than the reference's.
        """
        if rgb.shape[:2] != self._shape:
            raise ValueError(f"sizes differ: {self._shape} and {rgb.shape[:2]}")
        total = 0.0
        for scale, planes in enumerate(self._pyramid(rgb)):
            for channel, plane in planes.items():
                total += _difference(self._sides[scale][channel], plane, self._weights[channel, scale])
        return _to_score(total)


def _scales_of(height: int, width: int) -> int:
    scales = 0
    while scales < _SCALES and min(height, width) >= _MIN_SIDE:
        scales, height, width = scales + 1, (height + 1) // 2, (width + 1) // 2
    return scales


def _difference(side: _Side, plane: Plane, weights: npt.NDArray[np.float64]) -> float:
    """The weighted differences of one channel at one scale; `weights` is (norm, map)."""
    mean = blur(plane)
    total = 0.0
    if weights[:, _SSIM].any():
        product = side.mean * mean
        covariance = blur(side.plane * plane) - product
        variances = side.square + blur(plane * plane)
        gap = side.mean - mean
        gap *= gap
        variances -= product + product + gap  # m1^2 + m2^2 = 2 m1 m2 + (m1 - m2)^2
        covariance *= 2
        covariance += np.float32(_C2)
        variances += np.float32(_C2)
        error = 1 - (1 - gap) * covariance / variances
        total += _norms(np.maximum(error, 0, out=error), weights[:, _SSIM])
    if weights[:, _ARTIFACT:].any():
        edges = (1 + np.abs(plane - mean)) / (1 + np.abs(side.plane - side.mean)) - 1
        if weights[:, _ARTIFACT].any():
            total += _norms(np.maximum(edges, 0), weights[:, _ARTIFACT])
        if weights[:, _DETAIL].any():
            total += _norms(np.maximum(-edges, 0), weights[:, _DETAIL])
    return total


def _norms(values: Plane, weights: npt.NDArray[np.float64]) -> float:
    """Mean and 4-norm of `values`, weighted."""
    total = 0.0
    if weights[0]:
        total += float(weights[0]) * float(values.mean(dtype=np.float64))
    if weights[1]:
        fourth = np.square(np.square(values)).mean(dtype=np.float64)
        total += float(weights[1]) * float(fourth) ** 0.25
    return total


def _to_score(total: float) -> float:
    """The reference's polynomial from weighted differences to the scale of 100."""
    total *= 0.9562382616834844
    total = 2.326765642916932 * total - 0.020884521182843837 * total**2 + 6.248496625763138e-05 * total**3
    return 100.0 - 10.0 * total**0.6276336467831387 if total > 0 else 100.0
