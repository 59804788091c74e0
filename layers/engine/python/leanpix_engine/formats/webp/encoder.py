"""Encode lossy WebP by rate and distortion, in C.

libwebp's encoder never sets the deltas of quantizers that VP8's header has, and weighs errors for
PSNR; this one needs fewer bytes at equal quality (docs/decisions/0036). It also shows what a
decoder will make of a quality without writing a file.
"""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int32, c_size_t, c_void_p
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.formats.webp.design import DESIGN, Design

Pixels = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.uint32]

MOST_SIDE: Final = 16_383
_SIDE, _SEGMENTS, _BLOCKS, _BLOCK = 16, 4, 25, 16
_LUMA_BLOCKS: Final = 16
_BORDER: Final = 16
_COUNTS: Final = (4, 8, 3, 11, 2)
_LAST_QUANTIZER: Final = 127
_LEAST_FOR_SEGMENTS: Final = 24
"""Macroblocks, below which saying how four segments differ costs more than it saves."""
_BYTES_OF_HEADERS: Final = 4096
_KEPT_SAMPLES: Final = 12_000_000
"""Up to this size what was made stays for another look: 4.6 bytes for each pixel."""


class _Shape(ctypes.Structure):
    """`struct vp8_shape` of vp8.h."""

    _fields_ = [(name, c_size_t) for name in ("height", "width", "high", "wide")]


class _Segment(ctypes.Structure):
    """`struct vp8_segment` of vp8.h."""

    _fields_ = [("quantizer", c_int32), ("bit_cost", c_float)]


class _Deltas(ctypes.Structure):
    """`struct vp8_deltas` of vp8.h."""

    _fields_ = [(name, c_int32) for name in ("y1_dc", "y2_dc", "y2_ac", "uv_dc", "uv_ac")]


_FACTORS: Final = (
    *("block_factor", "whole_factor", "y2_factor", "chroma_factor", "mode_factor"),
    *("texture", "rough_bits", "rough_dead_zone", "block_bits", "looks"),
)


_FIELDS: Final = ("luma_weights", "chroma_weights", *_FACTORS)


class _Design(ctypes.Structure):
    """`struct vp8_design` of vp8.h."""

    _fields_ = [
        ("luma_weights", c_float * 4),
        ("chroma_weights", c_float * 4),
        *((name, c_float) for name in _FACTORS),
    ]


class _Frame(ctypes.Structure):
    """`struct vp8_frame` of vp8.h."""

    _fields_ = [("macroblocks", c_void_p), ("levels", c_void_p), ("planes", c_void_p * 3)]


class _Filter(ctypes.Structure):
    """`struct vp8_filter` of vp8.h."""

    _fields_ = [("levels", c_int32 * _SEGMENTS), ("sharpness", c_int32)]


_MACROBLOCK: Final = np.dtype((np.uint8, 4 + 16))
"""`struct vp8_macroblock` of vp8.h."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A picture at a quality."""

    macroblocks: npt.NDArray[np.uint8]
    levels: npt.NDArray[np.int16]
    planes: tuple[Plane, Plane, Plane]
    taken: Counts
    quantizers: Any
    filter: _Filter


class Encoder:
    """One opaque picture on its way to WebP at any quality of 0 to 100.

    The quality is a share of VP8's 128 quantizers. What tokens cost is learnt from the quality
    before.
    """

    def __init__(self, pixels: Pixels, design: Design = DESIGN) -> None:
        """Take a picture of (height, width, 3), sRGB.

        Raises:
            ValueError: the picture is empty or larger than VP8 allows.
        """
        height, width = pixels.shape[:2]
        if not 0 < min(height, width) <= max(height, width) <= MOST_SIDE:
            message = f"VP8 has no frame of {width} x {height}"
            raise ValueError(message)
        self.pixels = np.ascontiguousarray(pixels)
        self.design = design
        self._shape = _Shape(height, width, -(-height // _SIDE), -(-width // _SIDE))
        self._expected: Counts | None = None
        self._made: dict[float, _Made] = {}

    def learn_from(self, other: Encoder) -> None:
        """Take over what tokens cost in a sample of the same picture."""
        self._expected = other._expected

    def preview(self, quality: float) -> Pixels:
        """Return the pixels that libwebp decodes the file of this quality to."""
        made = self._quantized(quality)
        planes: tuple[Plane, ...] = made.planes
        if max(made.filter.levels) > 0:
            planes = tuple(plane.copy() for plane in planes)
            self._filter(made, planes)
        pixels = np.empty_like(self.pixels)
        show = native.function("leanpix_vp8_show", *[c_void_p] * 5)
        show(
            ctypes.byref(self._shape),
            *_addresses(planes),
            native.address(pixels, np.uint8, pixels.shape),
        )
        return pixels

    def encode(self, quality: float) -> bytes:
        """Return the frame as it stands in a chunk `VP8 `.

        Raises:
            NoRoom: the modes of so large a picture do not fit into VP8's first partition.
        """
        made = self._quantized(quality)
        if self.pixels.size > _KEPT_SAMPLES:
            self._made.clear()
        room = made.levels.size // 8 + _BYTES_OF_HEADERS
        try:
            return self._written(made, room)
        except native.NoRoom:
            return self._written(made, 4 * made.levels.size + _BYTES_OF_HEADERS)

    def _written(self, made: _Made, capacity: int) -> bytes:
        frame = np.empty(capacity, np.uint8)
        written = c_size_t()
        write = native.function("leanpix_vp8_write", *[c_void_p] * 7, c_size_t, c_void_p)
        write(
            ctypes.byref(self._shape),
            ctypes.byref(made.quantizers),
            ctypes.byref(self._deltas),
            ctypes.byref(made.filter),
            ctypes.byref(self._frame(made)),
            native.address(made.taken, np.uint32, _COUNTS),
            native.address(frame, np.uint8, frame.shape),
            frame.size,
            ctypes.byref(written),
        )
        return frame[: written.value].tobytes()

    @cached_property
    def _deltas(self) -> _Deltas:
        names = ("y1_dc", "y2_dc", "y2_ac", "uv_dc", "uv_ac")
        return _Deltas(*(round(getattr(self.design, name)) for name in names))

    @cached_property
    def _source(self) -> tuple[Plane, Plane, Plane]:
        """The planes of the picture."""
        high, wide = self._shape.high * _SIDE, self._shape.wide * _SIDE
        shapes = ((high, wide), (high // 2, wide // 2), (high // 2, wide // 2))
        luma, blue, red = (np.empty(shape, np.uint8) for shape in shapes)
        convert = native.function(
            "leanpix_vp8_planes", c_void_p, c_void_p, c_float, c_float, *[c_void_p] * 3
        )
        convert(
            ctypes.byref(self._shape),
            native.address(self.pixels, np.uint8, self.pixels.shape),
            self.design.chroma_sharpening,
            self.design.luma_correction,
            *_addresses((luma, blue, red)),
        )
        return luma, blue, red

    @cached_property
    def _activity(self) -> npt.NDArray[np.float32]:
        """Of each macroblock, the mean of its blocks."""
        return np.asarray(self._block_activity.mean(axis=1))

    @cached_property
    def _block_activity(self) -> npt.NDArray[np.float32]:
        """Of each block of luma; see `leanpix_vp8_activity`."""
        activity = np.empty((self._shape.high * self._shape.wide, _LUMA_BLOCKS), np.float32)
        measure = native.function("leanpix_vp8_activity", *[c_void_p] * 3)
        luma = self._source[0]
        measure(
            ctypes.byref(self._shape),
            native.address(luma, np.uint8, luma.shape),
            native.address(activity, np.float32, activity.shape),
        )
        return activity

    @cached_property
    def _segments(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        """The quarter of activity that each macroblock is in, and each quarter's mean."""
        activity = self._activity
        if activity.size < _LEAST_FOR_SEGMENTS:
            means = np.full(_SEGMENTS, activity.mean(), np.float32)
            return np.zeros(activity.size, np.uint8), means
        ends = np.quantile(activity, (0.25, 0.5, 0.75))
        segments = np.searchsorted(ends, activity).astype(np.uint8)
        sums = np.bincount(segments, activity, _SEGMENTS)
        counts = np.bincount(segments, minlength=_SEGMENTS)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), activity.mean())
        return segments, means.astype(np.float32)

    def _quantizers(self, quality: float) -> Any:
        _, means = self._segments
        middle = float(self._activity.mean())
        exact = _quantizer_of(quality) + self.design.segment_slope * (means - middle)
        quantizers = (_Segment * _SEGMENTS)()
        for quantizer, place in zip(quantizers, exact.tolist(), strict=True):
            bounded = min(max(place, 0.0), float(_LAST_QUANTIZER))
            quantizer.quantizer = round(bounded)
            quantizer.bit_cost = self.design.bit_cost * _ac_step(bounded) ** 2
        return quantizers

    @cached_property
    def _bit_factors(self) -> npt.NDArray[np.float32]:
        segments, means = self._segments
        activity = self._activity
        bright = self._brightness
        whole = self.design.masking * (activity - means[segments])
        whole += self.design.segment_masking * (means[segments] - activity.mean())
        whole += self.design.brightness * (bright / 128 - 1)
        blocks = self.design.block_masking * (self._block_activity - activity[:, np.newaxis])
        factors = np.concatenate([blocks, np.zeros((len(blocks), 1))], axis=1)
        return np.ascontiguousarray(np.exp2(factors + whole[:, np.newaxis]), np.float32)

    @cached_property
    def _brightness(self) -> npt.NDArray[np.float32]:
        """The mean luma of each macroblock."""
        high, wide = self._shape.high, self._shape.wide
        blocks = self._source[0].reshape(high, _SIDE, wide, _SIDE)
        return blocks.mean(axis=(1, 3), dtype=np.float32).reshape(-1)

    def _quantized(self, quality: float) -> _Made:
        if quality not in self._made:
            self._made.clear()
            self._made[quality] = self._quantize(quality)
        return self._made[quality]

    def _quantize(self, quality: float) -> _Made:
        count = self._shape.high * self._shape.wide
        made = _Made(
            np.empty((count, 20), np.uint8),
            np.empty((count, _BLOCKS, _BLOCK), np.int16),
            self._planes(),
            np.empty(_COUNTS, np.uint32),
            self._quantizers(quality),
            self._filter_of(quality),
        )
        quantize = native.function("leanpix_vp8_quantize", *[c_void_p] * 12)
        expected = self._expected
        design = _Design(*(getattr(self.design, name) for name in _FIELDS))
        quantize(
            ctypes.byref(self._shape),
            ctypes.byref(design),
            ctypes.byref(made.quantizers),
            ctypes.byref(self._deltas),
            *_addresses(self._source),
            native.address(self._segments[0], np.uint8, (count,)),
            native.address(self._bit_factors, np.float32, (count, _LUMA_BLOCKS + 1)),
            None if expected is None else native.address(expected, np.uint32, _COUNTS),
            native.address(made.taken, np.uint32, _COUNTS),
            ctypes.byref(self._frame(made)),
        )
        self._expected = _expected_after(made.taken)
        return made

    def _filter_of(self, quality: float) -> _Filter:
        above = _quantizer_of(quality) - self.design.filter_from
        level = round(min(max(0, self.design.filter_slope * above), self.design.filter_level))
        levels = (c_int32 * _SEGMENTS)(*[level] * _SEGMENTS)
        return _Filter(levels, round(self.design.filter_sharpness))

    def _planes(self) -> tuple[Plane, Plane, Plane]:
        """Room for what is reconstructed, with borders."""
        sides = (_SIDE, _SIDE // 2, _SIDE // 2)
        luma, blue, red = (
            np.empty(
                (1 + self._shape.high * side, self._shape.wide * side + 2 * _BORDER), np.uint8
            )
            for side in sides
        )
        return luma, blue, red

    def _filter(self, made: _Made, planes: tuple[Plane, ...]) -> None:
        run = native.function("leanpix_vp8_filter", *[c_void_p] * 6)
        run(
            ctypes.byref(self._shape),
            native.address(made.macroblocks, np.uint8, made.macroblocks.shape),
            ctypes.byref(made.filter),
            *_addresses(planes),
        )

    def _frame(self, made: _Made) -> _Frame:
        return _Frame(
            native.address(made.macroblocks, np.uint8, made.macroblocks.shape),
            native.address(made.levels, np.int16, made.levels.shape),
            (c_void_p * 3)(*_addresses(made.planes)),
        )


def _addresses(planes: tuple[Plane, ...]) -> list[int]:
    return [native.address(plane, np.uint8, plane.shape) for plane in planes]


def _quantizer_of(quality: float) -> float:
    return (100 - quality) / 100 * _LAST_QUANTIZER


def _ac_step(quantizer: float) -> float:
    """Return the step of luma's AC coefficients, as a smooth curve (RFC 6386, 14.1)."""
    curve = _AC_STEPS
    return float(np.interp(quantizer, [at for at, _ in curve], [step for _, step in curve]))


_AC_STEPS: Final = ((0, 4), (54, 58), (82, 114), (94, 158), (105, 217), (116, 249), (127, 284))


def _expected_after(taken: Counts) -> Counts:
    """Return what is expected of another quality: a part of what was coded at this one."""
    return (taken // 8 + 1).astype(np.uint32)
