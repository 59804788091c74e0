"""Write and read the mark that an output carries: the quality it was made for, and a checksum.

A few bytes where each format keeps what decoders pass over. The checksum is of all other bytes of
the file, so the mark of a file that was changed since counts for nothing. Reading one decodes
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from zlib import crc32

_MAGIC: Final = b"lpx1"
LOSSLESS: Final = 100
MOST_MARK_BYTES: Final = 25
"""What a mark takes in any format; SVG's is the longest."""
_ROUNDED_BY: Final = 0.5
_CHECKSUM_BYTES: Final = 4
_CARRIES_METADATA: Final = 0x80
_LEAST_SHARE: Final = 0.02
"""A mark may take this share of a file; smaller files go without."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The quality that a file was made for."""

    goal: int
    """SSIMULACRA2 against the original, rounded; 100 is lossless."""
    carries_metadata: bool
    """True where metadata was to be kept when the file was made."""

    @classmethod
    def of(cls, goal: float | None, *, carries_metadata: bool) -> Mark:
        """Return the mark of a goal; None stands for lossless."""
        return cls(LOSSLESS if goal is None else max(0, round(goal)), carries_metadata)

    def serves(self, goal: float | None, *, keeps_metadata: bool) -> bool:
        """Return whether the file is what a goal asks for, or better, with no metadata to go."""
        if self.carries_metadata and not keeps_metadata:
            return False
        return (LOSSLESS if goal is None else goal) >= self.goal - _ROUNDED_BY


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a mark in the files of a format."""

    wrap: Callable[[bytes], bytes]
    """Make a payload the bytes that stand in the file."""
    insert_at: Callable[[bytes], int]
    """Return the offset at which they go into a file."""
    look_in: slice
    """The part of a file that a mark can stand in."""
    pattern: re.Pattern[bytes]
    """The bytes of a mark, with the payload as the first group."""
    unwrap: Callable[[bytes], bytes] = bytes
    """Make that group the payload."""
    mend: Callable[[bytes], bytes] = bytes
    """Set the sizes right that a header states."""
    not_summed: tuple[int, int] = (0, 0)
    """The part of a file that stands outside of the checksum, as `mend` changes it."""


def write(data: bytes, mark: Mark, place: Place | None) -> bytes:
    """Return a file with a mark; as it is where the mark would take too large a share."""
    if place is None:
        return data
    goal = mark.goal | (_CARRIES_METADATA if mark.carries_metadata else 0)
    wrapped = place.wrap(bytes([goal]) + _checksum(data, place))
    if len(wrapped) > _LEAST_SHARE * len(data):
        return data
    at = place.insert_at(data)
    return place.mend(data[:at] + wrapped + data[at:])


def read(source: bytes, place: Place | None) -> Mark | None:
    """Return the mark of a file; None without one, or where the file was changed after it."""
    if place is None:
        return None
    offset = place.look_in.indices(len(source))[0]
    found = place.pattern.search(source[place.look_in])
    if found is None:
        return None
    start, end = (offset + side for side in found.span())
    payload = place.unwrap(found.group(1))
    if payload[1:] != _checksum(source[:start] + source[end:], place):
        return None
    goal = payload[0] & ~_CARRIES_METADATA
    carries_metadata = bool(payload[0] & _CARRIES_METADATA)
    return Mark(goal, carries_metadata) if goal <= LOSSLESS else None


def _checksum(data: bytes, place: Place) -> bytes:
    start, end = place.not_summed
    rest = data[:start] + data[end:]
    return crc32(rest).to_bytes(_CHECKSUM_BYTES, "big")


def _pattern(text: bytes) -> re.Pattern[bytes]:
    return re.compile(text, re.DOTALL)


def _with_riff_size(data: bytes) -> bytes:
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]


def _behind_jfif(data: bytes) -> int:
    return 4 + int.from_bytes(data[4:6], "big") if data[2:4] == b"\xff\xe0" else 2


def _png_chunk(payload: bytes) -> bytes:
    body = b"lpXM" + payload
    return len(payload).to_bytes(4, "big") + body + crc32(body).to_bytes(4, "big")


JPEG: Final = Place(  # ITU-T T.81, B.2.4.5: a comment, behind the start of image and JFIF's APP0
    wrap=lambda payload: b"\xff\xfe\x00\x0b" + _MAGIC + payload,
    insert_at=_behind_jfif,
    look_in=slice(0, 64),
    pattern=_pattern(rb"\xff\xfe\x00\x0blpx1(.{5})"),
)
PNG: Final = Place(  # PNG, third edition, 5.4: ancillary, private, unsafe to copy; behind IHDR
    wrap=_png_chunk,
    insert_at=lambda _: 33,
    look_in=slice(33, 50),
    pattern=_pattern(rb"\x00\x00\x00\x05lpXM(.{5}).{4}"),
)
GIF: Final = Place(  # GIF89a, 24: a comment extension, before the trailer
    wrap=lambda payload: b"\x21\xfe\x09" + _MAGIC + payload + b"\x00",
    insert_at=lambda data: len(data) - data.endswith(b"\x3b"),
    look_in=slice(-14, None),
    pattern=_pattern(rb"\x21\xfe\x09lpx1(.{5})\x00(?=\x3b?\Z)"),
)
WEBP: Final = Place(  # RFC 9649, 2.7.1.6: an unknown chunk, at the end
    wrap=lambda payload: b"LPXM\x05\x00\x00\x00" + payload + b"\x00",
    insert_at=len,
    look_in=slice(-14, None),
    pattern=_pattern(rb"LPXM\x05\x00\x00\x00(.{5})\x00"),
    mend=_with_riff_size,
    not_summed=(4, 8),
)
AVIF: Final = Place(  # ISO 14496-12, 8.1.2: a free-space box, at the end
    wrap=lambda payload: b"\x00\x00\x00\x11free" + _MAGIC + payload,
    insert_at=len,
    look_in=slice(-17, None),
    pattern=_pattern(rb"\x00\x00\x00\x11freelpx1(.{5})"),
)
SVG: Final = Place(  # XML 1.0, 2.5: a comment, at the end
    wrap=lambda payload: b"<!--lpx1" + payload.hex().encode() + b"-->",
    insert_at=len,
    look_in=slice(-40, None),
    pattern=_pattern(rb"<!--lpx1([0-9a-f]{10})-->(?=\s*\Z)"),
    unwrap=lambda text: bytes.fromhex(text.decode()),
)
