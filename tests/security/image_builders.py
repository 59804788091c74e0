"""Build image files: enough to take them apart and to put them together wrongly."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BOXES_WITH_CHILDREN = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"moov": 0, b"dinf": 0}


def chunk(kind: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes, *, bits: int = 8, colour: int = 2) -> bytes:
    """Return a PNG whose header says what one likes; `data` is compressed already."""
    colour = 0 if bits < 8 else colour
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IDAT", data) if data else b""
    return PNG_SIGNATURE + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


def segment(marker: int, data: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(data) + 2) + data


def box(kind: bytes, data: bytes) -> bytes:
    """Return a box of an AVIF."""
    return struct.pack(">I", len(data) + 8) + kind + data


def webp(chunks: bytes) -> bytes:
    """Return a WebP of these chunks."""
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def with_byte(data: bytes, at: int, value: int) -> bytes:
    """Return data with one byte replaced."""
    return data[:at] + bytes([value]) + data[at + 1 :]


def replace_chunk(image: bytes, kind: bytes, data: bytes) -> bytes:
    """Return a PNG with the content of its first chunk of a kind replaced."""
    at = image.index(kind) - 4
    (size,) = struct.unpack(">I", image[at : at + 4])
    return image[:at] + chunk(kind, data) + image[at + 12 + size :]


def boundaries(data: bytes) -> Iterator[int]:
    """Yield where the parts of a file begin and end."""
    if data.startswith(b"\xff\xd8"):
        return _jpeg(data)
    if data.startswith(PNG_SIGNATURE):
        return _png(data)
    if data.startswith(b"GIF"):
        return _gif(data)
    if data.startswith(b"RIFF"):
        return _webp(data)
    return _boxes(data, 0, len(data))


def _jpeg(data: bytes) -> Iterator[int]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        yield from (at, at + 2, at + 4)
        (size,) = struct.unpack(">H", data[at + 2 : at + 4])
        at += 2 + size
        if data[at - 2 - size + 1] == 0xDA:
            yield at
            at = data.find(b"\xff\xc4", at) if b"\xff\xc4" in data[at:] else len(data)


def _png(data: bytes) -> Iterator[int]:
    at = 8
    while at + 8 <= len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        yield from (at, at + 8, at + 8 + size)
        at += 12 + size


def _webp(data: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(data):
        (size,) = struct.unpack("<I", data[at + 4 : at + 8])
        yield from (at, at + 4, at + 8, at + 24)
        at += 8 + size + size % 2


def _boxes(data: bytes, start: int, end: int) -> Iterator[int]:
    at = start
    while at + 8 <= end:
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind = data[at + 4 : at + 8]
        yield at
        if size < 8:
            return
        if kind in _BOXES_WITH_CHILDREN:
            yield from _boxes(data, at + 8 + _BOXES_WITH_CHILDREN[kind], at + size)
        at += size


def _gif(data: bytes) -> Iterator[int]:
    at = 13 + _palette_size(data[10])
    while at < len(data) and data[at] != 0x3B:
        yield at
        if data[at] == 0x2C:
            yield at + 10
            at += 11 + _palette_size(data[at + 9])
        else:
            at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    yield at


def first_gif_image(data: bytes) -> int:
    """Return where the first image descriptor of a GIF stands."""
    return next(at for at in _gif(data) if data[at] == 0x2C)


def gif_image_data(data: bytes) -> int:
    """Return where the first image's code size stands."""
    at = first_gif_image(data)
    return at + 10 + _palette_size(data[at + 9])


def _palette_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
