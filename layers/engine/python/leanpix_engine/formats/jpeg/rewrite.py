"""Rewrite a JPEG in our scans, which need fewer bytes than mozjpeg's (docs/decisions/0034).

For files that mozjpeg wrote, in the child process that it runs in: a user's own never get here.
That process starts anew for each file, so this does without numpy, which takes a quarter of a
second to load.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int16, c_size_t, c_uint8, c_uint32, c_void_p
from typing import Final

from leanpix_engine import native
from leanpix_engine.formats.jpeg import header as jpeg_header
from leanpix_engine.formats.jpeg.scans import File, Frame, Scan, Unfit, parsed

_COMPONENTS, _BLOCK, _LENGTHS, _SYMBOLS = 3, 64, 16, 256
_COEFFICIENT_BYTES = 2
_MOST_COEFFICIENTS: Final = 60_000_000
"""They are held twice, in 2 bytes each; 40 megapixels with chroma halved. What is larger has no
time to spare."""
_POINTERS: Final = (c_void_p,) * _COMPONENTS
_ROOM: Final = (c_void_p, c_size_t, c_void_p)
_END: Final = bytes((0xFF, jpeg_header.EOI))


class _Layout(ctypes.Structure):
    """`struct jpeg_layout` of jpeg.h."""

    _fields_ = [
        *((name, c_size_t) for name in ("components", "across", "down")),
        *((name, c_size_t * _COMPONENTS) for name in ("wide", "high")),
        ("ids", c_uint8 * _COMPONENTS),
    ]


class _Table(ctypes.Structure):
    """`struct jpeg_source_table` of jpeg.h."""

    _fields_ = [("of_length", c_uint8 * _LENGTHS), ("listed", c_uint8 * _SYMBOLS)]


class _Scan(ctypes.Structure):
    """`struct jpeg_source_scan` of jpeg.h."""

    _fields_ = [
        ("components", c_size_t),
        ("chosen", c_size_t * _COMPONENTS),
        *((name, c_uint32) for name in ("first", "last", "low", "refines")),
        ("tables", _Table * _COMPONENTS),
    ]


def smaller(source: bytes) -> bytes:
    """Return the file with our scans, or as it is: they are no smaller, or we do not read it."""
    if not native.available():
        return source
    try:
        return _rewritten(source)
    except (Unfit, native.Broken, native.NoRoom, MemoryError):
        return source


def _rewritten(source: bytes) -> bytes:
    file = parsed(source)
    components = coefficients(file)
    scans = _written(file.frame, components, len(source))
    output = file.head + scans + _END
    if len(output) >= len(source):
        return source
    again = coefficients(parsed(output))
    return output if again == components else source


def coefficients(file: File) -> tuple[bytearray, ...]:
    """Return each component's quantized coefficients, blocks in zigzag order, as `int16`.

    Raises:
        Unfit: there are too many.
        native.Broken: the scans make no sense.
    """
    lengths = [high * wide * _BLOCK for high, wide in file.frame.blocks]
    if sum(lengths) > _MOST_COEFFICIENTS:
        raise Unfit
    components = tuple(bytearray(_COEFFICIENT_BYTES * length) for length in lengths)
    layout = _layout(file.frame)
    read = native.function("leanpix_jpeg_read", *[c_void_p] * 2, c_char_p, c_size_t, *_POINTERS)
    for scan in file.scans:
        read(
            ctypes.byref(layout),
            ctypes.byref(_scan(scan)),
            scan.data,
            len(scan.data),
            *_pointers(file.frame, components),
        )
    return components


def _written(frame: Frame, components: tuple[bytearray, ...], capacity: int) -> bytes:
    """Return our scans, if `capacity` bytes hold them."""
    scans = ctypes.create_string_buffer(capacity)
    written = c_size_t()
    write = native.function("leanpix_jpeg_rewrite", c_void_p, *_POINTERS, *_ROOM)
    write(
        ctypes.byref(_layout(frame)),
        *_pointers(frame, components),
        scans,
        capacity,
        ctypes.byref(written),
    )
    return scans.raw[: written.value]


def _layout(frame: Frame) -> _Layout:
    layout = _Layout(len(frame.ids), frame.across, frame.down)
    for index, (number, (high, wide)) in enumerate(zip(frame.ids, frame.blocks, strict=True)):
        layout.ids[index] = number
        layout.high[index] = high
        layout.wide[index] = wide
    return layout


def _scan(scan: Scan) -> _Scan:
    count = len(scan.chosen)
    known = _Scan(count, scan.chosen, scan.first, scan.last, scan.low, int(scan.refines))
    for filled, table in zip(known.tables[:count], scan.tables, strict=True):
        filled.of_length[:] = table.of_length
        filled.listed[: len(table.listed)] = table.listed[:_SYMBOLS]
    return known


def _pointers(
    frame: Frame, components: tuple[bytearray, ...]
) -> tuple[ctypes.Array[c_int16] | None, ...]:
    """Return pointers to three components; None for those that a gray picture lacks."""
    found = [
        (c_int16 * (high * wide * _BLOCK)).from_buffer(component)
        for component, (high, wide) in zip(components, frame.blocks, strict=True)
    ]
    return (*found, *[None] * (_COMPONENTS - len(found)))
