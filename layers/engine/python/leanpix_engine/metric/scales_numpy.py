"""Compute the error maps of SSIMULACRA2 in numpy; `native/metric` does the same in C.

It runs where that is not compiled. `scales_native.py` has the same two names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np

from leanpix_engine.metric.sampling import Boxes, Rgb
from leanpix_engine.metric.scales import (
    ARTIFACT,
    DETAIL,
    MAPS,
    STRUCTURE,
    B,
    Means,
    Plane,
    Scale,
    X,
    Y,
)

_C2 = 0.0009
_STRIP = 32

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
    """Return the blur of a line as products: (outputs, inputs, matrix) for each block of it.

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
    """Blur by a Gaussian of sigma 1.5: products with band matrices, which BLAS makes fast.

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
    """Return the means of 2 x 2 samples; an odd last row or column counts twice."""
    _, height, width = planes.shape
    if height % 2 or width % 2:
        planes = np.pad(planes, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    rows = planes[:, 0::2] + planes[:, 1::2]
    return (rows[..., 0::2] + rows[..., 1::2]) * np.float32(0.25)


def _xyb(linear: Plane, channels: tuple[int, ...]) -> dict[int, Plane]:
    """Return the positive X, Y and B-Y planes asked for, of (3, height, width) linear light."""
    _, height, width = linear.shape
    cones = 3 if B in channels else 2
    mixed = _OPSIN[:cones] @ linear.reshape(3, -1)
    mixed += np.float32(_BIAS)
    np.maximum(mixed, 0, out=mixed)
    np.cbrt(mixed, out=mixed)
    mixed -= np.float32(_CBRT_BIAS)
    cone = mixed.reshape(cones, height, width)
    y = (cone[0] + cone[1]) * np.float32(0.5)
    planes: dict[int, Plane] = {}
    if X in channels:
        planes[X] = (cone[0] - cone[1]) * np.float32(7.0) + np.float32(0.42)
    if Y in channels:
        planes[Y] = y + np.float32(0.01)
    if B in channels:
        planes[B] = (cone[2] - y) + np.float32(0.55)
    return planes


@dataclass(frozen=True, slots=True)
class _Side:
    """One channel of one image at one scale."""

    plane: Plane
    mean: Plane
    square: Plane


class ReferenceScales:
    """Some scales of the image that others are compared with."""

    def __init__(self, image: Rgb | Plane, scales: Sequence[Scale]) -> None:
        """Take an image: sRGB or, as (3, height, width), linear light at the first scale."""
        self._scales = scales
        self._sides = [
            {
                channel: _Side(plane, blur(plane), blur(plane * plane))
                for channel, plane in planes.items()
            }
            for planes in self._pyramid(image)
        ]

    def means(self, image: Rgb | Plane) -> Iterator[Means]:
        """Yield for each scale how far `image` is away."""
        for scale, sides, planes in zip(
            self._scales, self._sides, self._pyramid(image), strict=True
        ):
            result = np.zeros((3, MAPS, 1 + len(scale.boxes)))
            for channel, plane in planes.items():
                for kind, values in _error_maps(sides[channel], plane, scale.wanted[channel]):
                    result[channel, kind, 0] = values.mean(dtype=np.float64)
                    result[channel, kind, 1:] = _mean4(values, scale.boxes)
            yield result

    def _pyramid(self, image: Rgb | Plane) -> Iterator[dict[int, Plane]]:
        linear = _light_of(image)
        for number, scale in enumerate(self._scales):
            yield _xyb(linear, scale.channels) if scale.channels else {}
            if number + 1 < len(self._scales):
                linear = _halve(linear)


def _light_of(image: Rgb | Plane) -> Plane:
    if image.dtype == np.uint8:
        return _linear(cast("Rgb", image))
    return cast("Plane", image)


def _linear(rgb: Rgb) -> Plane:
    """Return linear light as (3, height, width)."""
    return _LINEAR[rgb.transpose(2, 0, 1)]


def xyb_of(rgb: Rgb) -> tuple[Plane, Plane, Plane]:
    """Return an image's X, Y and B-Y planes."""
    planes = _xyb(_linear(rgb), (X, Y, B))
    return planes[X], planes[Y], planes[B]


def quarter(rgb: Rgb) -> Plane:
    """Return linear light at a quarter of the size, made in strips that stay in the cache."""
    height, width = rgb.shape[:2]
    result = np.empty((3, -(-height // 4), -(-width // 4)), np.float32)
    for top in range(0, height, _STRIP):
        strip = rgb[top : top + _STRIP]
        if strip.shape[0] % 4 or width % 4:
            reduced = _halve(_halve(_linear(strip)))
        else:
            reduced = _quarter_of_whole(strip)
        result[:, top // 4 : top // 4 + reduced.shape[1]] = reduced
    return result


def _quarter_of_whole(rgb: Rgb) -> Plane:
    """Return the same for sides that are multiples of 4: sums of rows, then of columns."""
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


def _error_maps(side: _Side, plane: Plane, wanted: Sequence[bool]) -> Iterator[tuple[int, Plane]]:
    """Yield the error maps of one channel; `DETAIL` is 0 or less, the others 0 or more."""
    mean = blur(plane)
    if wanted[STRUCTURE]:
        yield STRUCTURE, _ssim_error(side, plane, mean)
    if wanted[ARTIFACT] or wanted[DETAIL]:
        edges = np.abs(plane - mean)
        edges += 1
        reference = np.abs(side.plane - side.mean)
        reference += 1
        edges /= reference
        edges -= 1
        if wanted[ARTIFACT]:
            yield ARTIFACT, np.maximum(edges, 0)
        if wanted[DETAIL]:
            yield DETAIL, np.minimum(edges, 0)


def _ssim_error(side: _Side, plane: Plane, mean: Plane) -> Plane:
    """Return 1 - SSIM, at least 0, without the luminance denominators, as SSIMULACRA2 has it."""
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


def _mean4(values: Plane, boxes: Boxes) -> list[float]:
    """Return the mean of the fourth powers in each box."""
    means = []
    for top, left, height, width in boxes:
        squares = np.square(values[top : top + height, left : left + width]).ravel()
        means.append(float(np.dot(squares, squares)) / squares.size)
    return means
