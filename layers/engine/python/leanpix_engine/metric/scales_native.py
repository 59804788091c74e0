"""Compute the error maps of SSIMULACRA2 in C; `scales_numpy.py` says what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ctypes import c_size_t, c_uint32, c_void_p
from typing import cast

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.metric.sampling import Boxes, Rgb
from leanpix_engine.metric.scales import MAPS, Means, Plane, Scale

_IMAGE = (c_void_p, c_void_p, c_size_t, c_size_t)
_PLANE_MEAN_SQUARE = 3


class ReferenceScales:
    """Some scales of the image that others are compared with."""

    def __init__(self, image: Rgb | Plane, scales: Sequence[Scale]) -> None:
        """Take an image: sRGB or, as (3, height, width), linear light at the first scale."""
        reference = native.function(
            "leanpix_scale_reference", *_IMAGE, c_uint32, c_void_p, c_void_p
        )
        self._scales = scales
        self._size = _size(image)
        self._sides: list[Plane] = []
        for scale, at_scale, half in _pyramid(image, scales):
            height, width = _size(at_scale)
            shape = (len(scale.channels), _PLANE_MEAN_SQUARE, height, width)
            sides = np.empty(shape, np.float32)
            reference(
                *_image(at_scale), _bits(scale), native.address(sides, np.float32, shape), half
            )
            self._sides.append(sides)

    def means(self, image: Rgb | Plane) -> Iterator[Means]:
        """Yield for each scale how far `image` is away.

        Raises:
            ValueError: another size than that of the image to compare with.
        """
        if _size(image) != self._size:
            message = f"sizes differ: {self._size} and {_size(image)}"
            raise ValueError(message)
        errors = native.function(
            "leanpix_scale_errors",
            *(*_IMAGE, c_uint32, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p),
        )
        steps = zip(self._sides, _pyramid(image, self._scales), strict=True)
        for sides, (scale, at_scale, half) in steps:
            height, width = _size(at_scale)
            sums = np.empty((len(scale.channels), MAPS, 1 + len(scale.boxes)))
            errors(
                *_image(at_scale),
                _bits(scale),
                native.address(sides, np.float32, sides.shape),
                half,
                _boxes(scale.boxes, height, width),
                len(scale.boxes),
                native.address(sums, np.float64, sums.shape),
            )
            yield _means(scale, sums, height * width)


def quarter(rgb: Rgb) -> Plane:
    """Return linear light at a quarter of the size."""
    height, width = _size(rgb)
    result = np.empty((3, -(-height // 4), -(-width // 4)), np.float32)
    reduce = native.function("leanpix_quarter", c_void_p, c_size_t, c_size_t, c_void_p)
    rgb = np.ascontiguousarray(rgb)
    reduce(
        native.address(rgb, np.uint8, (height, width, 3)),
        height,
        width,
        native.address(result, np.float32, result.shape),
    )
    return result


def _pyramid(
    image: Rgb | Plane, scales: Sequence[Scale]
) -> Iterator[tuple[Scale, Rgb | Plane, int | None]]:
    """Yield each scale, the image at that scale, and where to put it at the next."""
    image = cast("Rgb | Plane", np.ascontiguousarray(image))
    if not scales:
        return
    for scale in scales[:-1]:
        height, width = _size(image)
        half = np.empty((3, -(-height // 2), -(-width // 2)), np.float32)
        yield scale, image, native.address(half, np.float32, half.shape)
        image = half
    yield scales[-1], image, None


def _size(image: Rgb | Plane) -> tuple[int, int]:
    height, width = image.shape[:2] if image.dtype == np.uint8 else image.shape[1:]
    return height, width


def _image(image: Rgb | Plane) -> tuple[int | None, int | None, int, int]:
    """Return the arguments that say what the image is."""
    height, width = _size(image)
    if image.dtype == np.uint8:
        return native.address(image, np.uint8, (height, width, 3)), None, height, width
    return None, native.address(image, np.float32, (3, height, width)), height, width


def _bits(scale: Scale) -> int:
    return sum(1 << channel for channel in scale.channels)


def _boxes(boxes: Boxes, height: int, width: int) -> int:
    """Return where the boxes are in memory, once it is known that they lie in the image."""
    ends = boxes[:, :2] + boxes[:, 2:]
    if (boxes < 0).any() or (ends > (height, width)).any():
        message = f"a box is not within {height} x {width}"
        raise ValueError(message)
    return native.address(boxes, np.int64, (len(boxes), 4))


def _means(scale: Scale, sums: npt.NDArray[np.float64], pixels: int) -> Means:
    """Return sums of the scale's channels as means of all channels."""
    sizes = np.array([pixels, *scale.boxes[:, 2:].prod(axis=1)])
    result = np.zeros((3, *sums.shape[1:]))
    result[list(scale.channels)] = sums / sizes
    return result
