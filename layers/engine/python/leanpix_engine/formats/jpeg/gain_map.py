"""Repack JPEG files that carry an HDR gain map as a second image, with the map kept whole.

The primary image's segments name the second image by size and offset (CIPA DC-007, multi-picture
format), so whatever changes the primary's length has to be written into that index too.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from leanpix_engine.formats.jpeg import header as jpeg_header
from leanpix_engine.picture import exif as exif_header

_ENTRY_TAG = 0xB002
_ENTRY_BYTES = 16
_MAX_IMAGES = 16
_SHORTEST_INDEX = 10
_POSITION = re.compile(
    rb"\s+exif:GPS\w+=(\"[^\"]*\"|'[^']*')|<exif:GPS(\w+)[^>]*>.*?</exif:GPS\2>", re.DOTALL
)
"""A property of XMP that says where a photo was taken, written in either way."""


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


def without_metadata(source: bytes, kept: exif_header.Kept) -> bytes:
    """Return the file with what it may keep; as it is where its index does not hold."""
    index = index_of(source)
    if index is None:
        return source
    primary = primary_of(source, index)
    parts, at = [], 0
    for segment in jpeg_header.segments(primary):
        if _is_described(segment.marker):
            parts.append(primary[at : segment.start - 4])
            at = segment.end
    return joined(source, index, b"".join((*parts, primary[at:])), kept)


def _is_described(marker: int) -> bool:
    """Return whether segments of a kind are written anew, or left out."""
    return jpeg_header.APP1 <= marker < jpeg_header.APP14 or marker == jpeg_header.COM


def joined(source: bytes, index: Index, repacked: bytes, kept: exif_header.Kept) -> bytes:
    """Join the repacked primary, which has no metadata, the source's segments and other images.

    EXIF is what is kept of it; XMP stays without a position, for it describes the gain map; of
    other segments those that show the image stay.
    """
    keeps_xmp = kept.xmp is not None and kept.xmp in source
    written: list[bytes] = []
    base_in_kept = 0
    for segment in jpeg_header.segments(source):
        payload = source[segment.start : segment.end]
        if segment.marker not in (jpeg_header.APP1, jpeg_header.APP2):
            continue
        if payload.startswith(jpeg_header.EXIF):
            orientation = exif_header.orientation_of(payload[len(jpeg_header.EXIF) :])
            tiff = kept.tiff(orientation)
            if tiff is None:
                continue
            payload = jpeg_header.EXIF + tiff
        elif segment.marker == jpeg_header.APP1 and not keeps_xmp:
            payload = _POSITION.sub(b"", payload)
        if segment.start + len(jpeg_header.MPF) == index.base:
            base_in_kept = sum(map(len, written)) + 4 + len(jpeg_header.MPF)
        written.append(
            b"\xff" + bytes((segment.marker,)) + struct.pack(">H", len(payload) + 2) + payload
        )
    head = jpeg_header.after_jfif(repacked)
    primary = bytearray(repacked[:head] + b"".join(written) + repacked[head:])
    base = head + base_in_kept
    moved = len(primary) - len(primary_of(source, index))
    for number, (length, offset) in enumerate(index.images):
        at = index.entries_at - index.base + base + number * _ENTRY_BYTES + 4
        place = (len(primary), 0) if number == 0 else (length, offset + moved - base)
        struct.pack_into(index.order + "II", primary, at, *place)
    return bytes(primary) + source[len(primary_of(source, index)) :]
