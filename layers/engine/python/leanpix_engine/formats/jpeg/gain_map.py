"""Repack JPEG files that carry an HDR gain map as a second image, with the map kept whole.

The primary image's segments name the second image by size and offset (CIPA DC-007, multi-picture
format), so whatever changes the primary's length has to be written into that index too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from leanpix_engine.formats.jpeg import header as jpeg_header
from leanpix_engine.picture import exif as exif_header

_ENTRY_TAG = 0xB002
_ENTRY_BYTES = 16
_MAX_IMAGES = 16
_SHORTEST_INDEX = 10


@dataclass(frozen=True, slots=True)
class Index:
    """The multi-picture index of a file."""

    base: int
    """Offset in the file that the index counts from."""
    order: str
    """Byte order for `struct`."""
    entries_at: int
    """Offset in the file of the first entry."""
    images: tuple[tuple[int, int], ...]
    """(size, offset in the file) of each image; the primary comes first."""


def index_of(source: bytes) -> Index | None:
    """Return the multi-picture index, or None where there is none that holds."""
    for segment in jpeg_header.segments(source):
        payload = source[segment.start : segment.end]
        if segment.marker == jpeg_header.APP2 and payload.startswith(jpeg_header.MPF):
            base = segment.start + len(jpeg_header.MPF)
            return _parsed(source, base, payload[len(jpeg_header.MPF) :])
    return None


def _parsed(source: bytes, base: int, tiff: bytes) -> Index | None:
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < _SHORTEST_INDEX:
        return None
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    if directory + 2 > len(tiff):
        return None
    (count,) = struct.unpack_from(order + "H", tiff, directory)
    for at in range(directory + 2, min(directory + 2 + 12 * count, len(tiff) - 11), 12):
        tag, _, size, start = struct.unpack_from(order + "HHII", tiff, at)
        if tag == _ENTRY_TAG and size <= _MAX_IMAGES * _ENTRY_BYTES and start + size <= len(tiff):
            images: list[tuple[int, int]] = []
            for entry in range(start, start + size, _ENTRY_BYTES):
                length, offset = struct.unpack_from(order + "II", tiff, entry + 4)
                images.append((length, base + offset if images else 0))
            whole = all(
                source[at : at + 2] == b"\xff\xd8" and at + length <= len(source)
                for length, at in images
            )
            return Index(base, order, base + start, tuple(images)) if whole else None
    return None


def primary_of(source: bytes, index: Index) -> bytes:
    """Return the primary image alone."""
    return source[: min(offset for _, offset in index.images[1:])]


def joined(source: bytes, index: Index, repacked: bytes, *, keep_exif: bool) -> bytes:
    """Join the repacked primary, which has no metadata, the source's segments and other images.

    EXIF is left out, but for the orientation, unless it is to be kept; XMP stays, for it describes
    the gain map.
    """
    kept: list[bytes] = []
    base_in_kept = 0
    for segment in jpeg_header.segments(source):
        payload = source[segment.start : segment.end]
        if not jpeg_header.APP1 <= segment.marker <= jpeg_header.APP14 - 1:
            continue
        if payload.startswith(jpeg_header.EXIF) and not keep_exif:
            orientation = exif_header.orientation_of(payload[len(jpeg_header.EXIF) :])
            if orientation == 1:
                continue
            payload = jpeg_header.EXIF + exif_header.minimal(orientation)
        if segment.start + len(jpeg_header.MPF) == index.base:
            base_in_kept = sum(map(len, kept)) + 4 + len(jpeg_header.MPF)
        kept.append(
            b"\xff" + bytes((segment.marker,)) + struct.pack(">H", len(payload) + 2) + payload
        )
    head = jpeg_header.after_jfif(repacked)
    primary = bytearray(repacked[:head] + b"".join(kept) + repacked[head:])
    base = head + base_in_kept
    moved = len(primary) - len(primary_of(source, index))
    for number, (length, offset) in enumerate(index.images):
        at = index.entries_at - index.base + base + number * _ENTRY_BYTES + 4
        place = (len(primary), 0) if number == 0 else (length, offset + moved - base)
        struct.pack_into(index.order + "II", primary, at, *place)
    return bytes(primary) + source[len(primary_of(source, index)) :]
