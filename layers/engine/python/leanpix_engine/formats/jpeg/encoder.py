"""Encode JPEG by trellis quantization that the eye's masking steers, in C.

It quantizes with less loss per bit than jpegli or mozjpeg do (docs/decisions/0034), and shows
what a decoder will make of it without writing a file. Its files are progressive, in the scans that
need the fewest bytes, each with Huffman tables made for it.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from ctypes import c_float, c_size_t, c_void_p
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine import native
from leanpix_engine.formats.jpeg import file as jpeg_file
from leanpix_engine.formats.jpeg import tables as jpeg_tables

Pixels = npt.NDArray[np.uint8]
Coefficients = npt.NDArray[np.float32]
Component = npt.NDArray[np.int16]

_SIDE, _BLOCK, _COMPONENTS = 8, 64, 3
_KEPT_PIXELS: Final = 4_000_000
"""Up to this size coefficients are kept for the next quality: 6 bytes for each pixel, and 3
more for each quality tried."""
_BAND_ROWS: Final = 512
"""Rows of a larger image that are transformed at a time; whole minimum coded units."""
_MOST_BYTES: Final = 6
"""Of a coefficient in all scans together; seldom one. It has one symbol, of at most 9 bits on
average, and at most 11 bits with it; another 3 are its share of ends of blocks; and every byte may
need a zero behind it."""
_BYTES_OF_HEADERS: Final = 16_384


class _Shape(ctypes.Structure):
    """`struct jpeg_shape` of jpeg.h."""

    _fields_ = [(name, c_size_t) for name in ("height", "width", "components", "halved")]


class _Quantizer(ctypes.Structure):
    """`struct jpeg_quantizer` of jpeg.h."""

    _fields_ = [
        *((name, c_float) for name in ("bit_weight", "knee", "scale", "power")),
        ("table", c_float * _BLOCK),
        ("symbol_bits", c_float * jpeg_tables.SYMBOLS),
    ]


@dataclass(frozen=True, slots=True)
class _Quantized:
    """A picture's coefficients at a quality, one array for each component."""

    components: tuple[Component, ...]
    tables: Coefficients
    """(2, 64): of luma, of chroma, in zigzag order."""


class Encoder:
    """One picture, gray or sRGB, on its way to JPEG at any quality of 1 to 100.

    The quality is on libjpeg's scale of tables. What symbols cost is learnt from the quality
    before; for the first one, by quantizing twice.
    """

    def __init__(
        self, pixels: Pixels, *, halved: bool, design: jpeg_tables.Design = jpeg_tables.DESIGN
    ) -> None:
        """Take `pixels` of (height, width, 1 or 3); `halved` asks for 4:2:0 chroma subsampling."""
        self.pixels = np.ascontiguousarray(pixels)
        self.halved = halved and pixels.shape[2] == _COMPONENTS
        self._design = design
        self._keeps = pixels.shape[0] * pixels.shape[1] <= _KEPT_PIXELS
        self._kept: list[list[Coefficients]] | None = None
        self._symbol_bits = [jpeg_tables.rough_symbol_bits()] * pixels.shape[2]
        self._is_first = True
        self._made: dict[float, _Quantized] = {}

    def learn_from(self, other: Encoder) -> None:
        """Take over how many bits symbols cost in a sample of the same picture."""
        self._symbol_bits = list(other._symbol_bits)
        self._is_first = False

    def preview(self, quality: float) -> Pixels:
        """Return the pixels that libjpeg decodes the file of this quality to."""
        quantized = self._quantized(quality)
        pixels = np.empty_like(self.pixels)
        inverse = native.function("leanpix_jpeg_inverse", *[c_void_p] * 6)
        inverse(
            ctypes.byref(self._shape()),
            *_addresses(quantized.components),
            native.address(quantized.tables, np.float32, (2, _BLOCK)),
            native.address(pixels, np.uint8, pixels.shape),
        )
        return pixels

    def encode(self, quality: float) -> bytes:
        """Return a progressive JFIF file."""
        quantized = self._quantized(quality)
        colours = 1 if len(quantized.components) == 1 else 2
        scans = self._scans(quantized.components)
        self._forget()
        return jpeg_file.progressive(
            (self.pixels.shape[0], self.pixels.shape[1]),
            scans,
            halved=self.halved,
            tables=[bytes(table.astype(np.uint8)) for table in quantized.tables[:colours]],
        )

    def _scans(self, components: tuple[Component, ...]) -> bytes:
        coefficients = sum(component.size for component in components)
        try:
            return self._scans_within(coefficients, components)
        except native.NoRoom:
            return self._scans_within(_MOST_BYTES * coefficients, components)

    def _scans_within(self, capacity: int, components: tuple[Component, ...]) -> bytes:
        scans = np.empty(capacity + _BYTES_OF_HEADERS, np.uint8)
        written = c_size_t()
        write = native.function("leanpix_jpeg_write", *[c_void_p] * 5, c_size_t, c_void_p)
        write(
            ctypes.byref(self._shape()),
            *_addresses(components),
            native.address(scans, np.uint8, scans.shape),
            scans.size,
            ctypes.byref(written),
        )
        return scans[: written.value].tobytes()

    def _quantized(self, quality: float) -> _Quantized:
        if quality not in self._made:
            if self._is_first:
                self._quantize(quality)
                self._is_first = False
            self._forget()
            self._made[quality] = self._quantize(quality)
        return self._made[quality]

    def _forget(self) -> None:
        """Let go of quantized coefficients, where the picture is so large that memory matters."""
        if not self._keeps:
            self._made.clear()

    def _shape(self, rows: slice | None = None) -> _Shape:
        height, width, components = self.pixels[rows or slice(None)].shape
        return _Shape(height, width, components, int(self.halved))

    def _lengths(self, shape: _Shape) -> list[int]:
        """Return the number of coefficients of each component."""
        unit = 2 * _SIDE if self.halved else _SIDE
        full = -(-shape.height // unit) * -(-shape.width // unit) * unit * unit
        chroma = full // 4 if self.halved else full
        return [full, chroma, chroma][: shape.components]

    def _bands(self) -> Iterator[list[Coefficients]]:
        """Yield the coefficients of each component, for all of the picture or band by band."""
        if self._kept is not None:
            yield from self._kept
            return
        height = self.pixels.shape[0]
        rows = height if self._keeps else _BAND_ROWS
        for top in range(0, height, rows):
            band = self._forward(slice(top, top + rows))
            if self._keeps:
                self._kept = [band]
            yield band

    def _forward(self, rows: slice) -> list[Coefficients]:
        shape = self._shape(rows)
        coefficients = [np.empty(length, np.float32) for length in self._lengths(shape)]
        pixels = self.pixels[rows]
        forward = native.function("leanpix_jpeg_forward", *[c_void_p] * 5)
        forward(
            ctypes.byref(shape),
            native.address(pixels, np.uint8, pixels.shape),
            *_addresses(coefficients),
        )
        return coefficients

    def _quantize(self, quality: float) -> _Quantized:
        tables = jpeg_tables.scaled(self._design, quality)
        share = jpeg_tables.bit_weight_share(quality)
        lengths = self._lengths(self._shape())
        quantized = tuple(np.empty(length, np.int16) for length in lengths)
        totals = [np.zeros(jpeg_tables.SYMBOLS, np.int64) for _ in lengths]
        starts = [0] * len(lengths)
        for band in self._bands():
            for index, coefficients in enumerate(band):
                end = starts[index] + coefficients.size
                quantizer = _quantizer(
                    self._design, share, index, tables, self._symbol_bits[index]
                )
                part = quantized[index][starts[index] : end]
                totals[index] += _quantize(quantizer, coefficients, part)
                starts[index] = end
        self._symbol_bits = [jpeg_tables.symbol_bits(self._design, counts) for counts in totals]
        return _Quantized(quantized, tables)


def _quantizer(
    design: jpeg_tables.Design,
    share: float,
    component: int,
    tables: Coefficients,
    symbol_bits: Coefficients,
) -> _Quantizer:
    quantizer = _Quantizer(
        share * (design.luma_bit_weight if component == 0 else design.chroma_bit_weight),
        design.masking_knee,
        design.masking_scale,
        design.masking_power,
    )
    quantizer.table[:] = tables[min(component, 1)].tolist()
    quantizer.symbol_bits[:] = symbol_bits.tolist()
    return quantizer


def _quantize(
    quantizer: _Quantizer, coefficients: Coefficients, quantized: Component
) -> npt.NDArray[np.int64]:
    """Fill `quantized`, and return how often each AC symbol occurs in it."""
    counts = np.empty(jpeg_tables.SYMBOLS, np.int64)
    quantize = native.function(
        "leanpix_jpeg_quantize", c_void_p, c_void_p, c_size_t, c_void_p, c_void_p
    )
    quantize(
        ctypes.byref(quantizer),
        native.address(coefficients, np.float32, coefficients.shape),
        coefficients.size // _BLOCK,
        native.address(quantized, np.int16, coefficients.shape),
        native.address(counts, np.int64, counts.shape),
    )
    return counts


def _addresses(
    components: tuple[Component, ...] | list[Coefficients],
) -> tuple[int | None, ...]:
    """Return the addresses of three components; None for those that a gray picture lacks."""
    found = [native.address(array, array.dtype, array.shape) for array in components]
    return (*found, *[None] * (_COMPONENTS - len(found)))
