"""Write the marker segments of JPEG files (ITU-T T.81, annex B)."""

from __future__ import annotations

from collections.abc import Sequence

from leanpix_engine.formats.jpeg import header as jpeg_header
from leanpix_engine.picture import exif as exif_header
from leanpix_engine.picture.picture import Picture

_SOF2 = 0xC2
_MAX_ICC_PIECE = jpeg_header.MAX_PAYLOAD - len(jpeg_header.ICC) - 2
_START = bytes((0xFF, jpeg_header.SOI))
_END = bytes((0xFF, jpeg_header.EOI))
# Version 1.1, pixels are square, no thumbnail.
_JFIF = b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_SAMPLE_BITS = 8
_WHOLE, _HALVED = 0x11, 0x22
"""Sampling factors of a luma that has as many samples as chroma, or twice as many each way."""


def progressive(
    size: tuple[int, int], scans: bytes, *, halved: bool, tables: Sequence[bytes]
) -> bytes:
    """Return a file of progressive `scans`, which include their headers and Huffman tables.

    `size` is (height, width), `tables` a quantization table in zigzag order for luma and, in
    colour, one for chroma.
    """
    numbers = range(1, 4 if len(tables) > 1 else 2)
    components = bytearray()
    for number in numbers:
        table = min(number - 1, 1)
        components += bytes((number, _HALVED if halved and number == 1 else _WHOLE, table))
    height, width = size
    frame = bytes((_SAMPLE_BITS, *height.to_bytes(2, "big"), *width.to_bytes(2, "big")))
    parts = [
        _START,
        *_segment(jpeg_header.APP0, _JFIF),
        *_segment(
            jpeg_header.DQT, b"".join(bytes((at,)) + table for at, table in enumerate(tables))
        ),
        *_segment(_SOF2, frame + bytes((len(numbers),)) + components),
        scans,
        _END,
    ]
    return b"".join(parts)


def with_metadata(data: bytes, picture: Picture) -> bytes:
    """Return a JPEG without metadata with the picture's spliced in behind JFIF's segment."""
    parts: list[bytes] = []
    exif = picture.exif
    if not exif and picture.orientation > 1:
        exif = jpeg_header.EXIF + exif_header.minimal(picture.orientation)
    if exif:
        parts += _segment(
            jpeg_header.APP1,
            exif if exif.startswith(jpeg_header.EXIF) else jpeg_header.EXIF + exif,
        )
    if picture.xmp:
        parts += _segment(jpeg_header.APP1, jpeg_header.XMP + picture.xmp)
    if picture.icc:
        parts += _icc_segments(picture.icc)
    at = jpeg_header.after_jfif(data)
    return data[:at] + b"".join(parts) + data[at:]


def _segment(marker: int, payload: bytes) -> list[bytes]:
    """Return the parts of one marker segment; none for a payload that does not fit."""
    if len(payload) > jpeg_header.MAX_PAYLOAD:
        return []
    return [bytes((0xFF, marker)), (len(payload) + 2).to_bytes(2, "big"), payload]


def _icc_segments(profile: bytes) -> list[bytes]:
    """Return a profile in numbered APP2 segments (ICC.1 annex B.4)."""
    pieces = [profile[at : at + _MAX_ICC_PIECE] for at in range(0, len(profile), _MAX_ICC_PIECE)]
    return [
        part
        for number, piece in enumerate(pieces, 1)
        for part in _segment(
            jpeg_header.APP2, jpeg_header.ICC + bytes((number, len(pieces))) + piece
        )
    ]
