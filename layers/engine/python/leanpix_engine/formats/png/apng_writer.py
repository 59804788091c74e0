"""Write animated PNG: of each frame the rectangle that changed (PNG, third edition, 11.3.6).

Within it, pixels that did not change may be left clear, so that what was there shows through; that
deflates better, and is done where the new pixels are opaque.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.png import header as png_header
from leanpix_engine.formats.png.palette import chunk

Bytes = npt.NDArray[np.uint8]
_RGBA, _INDEXED = 6, 3
_SOURCE, _OVER = 0, 1
_LEAVE = 0
"""The canvas stays as a frame left it."""
_QUICK = 6
"""zlib's level; oxipng deflates for good."""
_OPAQUE, _MOST_COLOURS = 255, 256
_MILLISECONDS = 1000
_MOST_MILLISECONDS = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """Frames in the samples that a file holds."""

    frames: Bytes
    """(frames, height, width, samples of a pixel)."""
    opaque: npt.NDArray[np.bool_]
    """Of each pixel, (frames, height, width)."""
    clear: Bytes | None
    """The samples of a transparent pixel; None where the palette has no room for one."""


def in_colours(frames: Bytes, delays_ms: tuple[int, ...], loop: int) -> bytes:
    """Return an APNG of RGBA frames (frames, height, width, 4), without loss."""
    canvas = _Canvas(frames=frames, opaque=frames[..., 3] == _OPAQUE, clear=np.zeros(4, np.uint8))
    return _file(canvas, _RGBA, [], delays_ms, loop)


def indexed(indices: Bytes, colours: Bytes, delays_ms: tuple[int, ...], loop: int) -> bytes:
    """Return an APNG of indices (frames, height, width) into RGBA colours (n, 4)."""
    clear = next((index for index, colour in enumerate(colours) if colour[3] == 0), None)
    if clear is None and len(colours) < _MOST_COLOURS:
        clear = len(colours)
        colours = np.vstack([colours, np.zeros((1, 4), np.uint8)])
    canvas = _Canvas(
        frames=indices[..., None],
        opaque=(colours[:, 3] == _OPAQUE)[indices],
        clear=None if clear is None else np.array([clear], np.uint8),
    )
    palette = [
        chunk(b"PLTE", np.ascontiguousarray(colours[:, :3]).tobytes()),
        chunk(b"tRNS", np.ascontiguousarray(colours[:, 3]).tobytes()),
    ]
    return _file(canvas, _INDEXED, palette, delays_ms, loop)


def _file(
    canvas: _Canvas, kind: int, palette: list[bytes], delays_ms: tuple[int, ...], loop: int
) -> bytes:
    count, height, width = canvas.frames.shape[:3]
    parts = [
        png_header.SIGNATURE,
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)),
        chunk(b"acTL", struct.pack(">II", count, loop)),
        *palette,
    ]
    number = 0
    for index, (left, top, blend, pixels) in enumerate(_changes(canvas)):
        size = pixels.shape[1], pixels.shape[0]
        delay = min(delays_ms[index], _MOST_MILLISECONDS)
        control = struct.pack(
            ">IIIIIHHBB", number, *size, left, top, delay, _MILLISECONDS, _LEAVE, blend
        )
        parts.append(chunk(b"fcTL", control))
        number += 1
        data = _deflated(pixels)
        if index == 0:
            parts.append(chunk(b"IDAT", data))
        else:
            parts.append(chunk(b"fdAT", number.to_bytes(4, "big") + data))
            number += 1
    return b"".join([*parts, chunk(b"IEND", b"")])


def _changes(canvas: _Canvas) -> Iterator[tuple[int, int, int, Bytes]]:
    """Yield left, top, blend operation and samples of what each frame has to draw."""
    yield 0, 0, _SOURCE, canvas.frames[0]
    for index in range(1, len(canvas.frames)):
        before, now = canvas.frames[index - 1], canvas.frames[index]
        changed = (before != now).any(axis=-1)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        if not len(rows):
            yield 0, 0, _SOURCE, now[:1, :1]
            continue
        place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        blend, pixels = _SOURCE, now[place]
        if canvas.clear is not None and bool(canvas.opaque[index][changed].all()):
            sparse = np.where(changed[place][..., None], pixels, canvas.clear)
            if len(_deflated(sparse)) < len(_deflated(pixels)):
                blend, pixels = _OVER, sparse
        yield int(columns[0]), int(rows[0]), blend, pixels


def _deflated(pixels: Bytes) -> bytes:
    rows = np.ascontiguousarray(pixels).reshape(len(pixels), -1)
    return zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), _QUICK)
