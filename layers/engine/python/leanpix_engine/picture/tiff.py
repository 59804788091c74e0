"""Keep some tags of an EXIF block and leave out all others (TIFF 6.0, EXIF 2.32)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from leanpix_engine.model import Metadata
from leanpix_engine.picture.exif import PREFIX, orientation_of

_EXIF_POINTER, _GPS_POINTER, _ORIENTATION = 0x8769, 0x8825, 0x0112
_LONG: Final = 4
_BYTES_OF_TYPE: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_MOST_ENTRIES: Final = 512
_INLINE: Final = 4
_HEADER_BYTES: Final = 8
_COPYRIGHT: Final = {0x8298, 0x013B}
"""Copyright, Artist."""
_CREATION: Final = {0x9003, 0x9004, 0x9011, 0x9012, 0x9291, 0x9292}
"""DateTimeOriginal and DateTimeDigitized, with their offsets and parts of a second."""


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    tag: int
    type: int
    count: int
    value: bytes


def selected(exif: bytes, kinds: AbstractSet[Metadata]) -> bytes | None:
    """Return a new EXIF block with the tags of these kinds; None where it has none of them.

    The values stay byte for byte, in their byte order; the orientation comes along, for it says
    how the pixels are seen. Maker notes, thumbnails and all else are left out.
    """
    prefix = PREFIX if exif.startswith(PREFIX) else b""
    tiff = exif[len(prefix) :]
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < _HEADER_BYTES:
        return None
    first = list(_entries(tiff, order, _number(order, tiff[4:8])))
    pointers = {entry.tag: _number(order, entry.value) for entry in first if entry.type == _LONG}
    wanted: dict[int, list[_Entry]] = {0: [], _EXIF_POINTER: [], _GPS_POINTER: []}
    if Metadata.COPYRIGHT in kinds:
        wanted[0] = [entry for entry in first if entry.tag in _COPYRIGHT]
    if Metadata.CREATION in kinds and _EXIF_POINTER in pointers:
        found = _entries(tiff, order, pointers[_EXIF_POINTER])
        wanted[_EXIF_POINTER] = [entry for entry in found if entry.tag in _CREATION]
    if Metadata.LOCATION in kinds and _GPS_POINTER in pointers:
        wanted[_GPS_POINTER] = list(_entries(tiff, order, pointers[_GPS_POINTER]))
    if not any(wanted.values()):
        return None
    if orientation_of(tiff) > 1:
        wanted[0] += [entry for entry in first if entry.tag == _ORIENTATION]
    return prefix + tiff[:4] + _written(order, wanted)


def _number(order: str, value: bytes) -> int:
    return int(struct.unpack(order + "I", value[:4].ljust(4, b"\0"))[0])


def _entries(tiff: bytes, order: str, at: int) -> Iterator[_Entry]:
    """Yield the entries of a directory; those that reach beyond the block are left out."""
    if at < _HEADER_BYTES or at + 2 > len(tiff):
        return
    (count,) = struct.unpack_from(order + "H", tiff, at)
    for start in range(at + 2, at + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        if start + 12 > len(tiff):
            return
        tag, type_, number = struct.unpack_from(order + "HHI", tiff, start)
        size = _BYTES_OF_TYPE.get(type_, 0) * number
        place = start + 8 if size <= _INLINE else _number(order, tiff[start + 8 : start + 12])
        if size and place + size <= len(tiff):
            yield _Entry(tag, type_, number, tiff[place : place + size])


def _written(order: str, directories: dict[int, list[_Entry]]) -> bytes:
    """Return the directories, the first with pointers to the others, from offset 4 on."""
    others = {tag: entries for tag, entries in directories.items() if tag and entries}
    pointers = [_Entry(tag, _LONG, 1, bytes(4)) for tag in others]
    at = 8 + len(_directory(order, [*directories[0], *pointers], 0))
    bodies, pointers = b"", []
    for tag, entries in others.items():
        pointers.append(_Entry(tag, _LONG, 1, struct.pack(order + "I", at + len(bodies))))
        bodies += _directory(order, entries, at + len(bodies))
    start = struct.pack(order + "I", 8)
    return start + _directory(order, [*directories[0], *pointers], 8) + bodies


def _directory(order: str, entries: list[_Entry], at: int) -> bytes:
    """Return one directory that stands at an offset, and behind it the values of its entries."""
    values_at = at + 2 + 12 * len(entries) + 4
    rows, values = b"", b""
    for entry in sorted(entries):
        value = entry.value.ljust(_INLINE, b"\0")
        if len(value) > _INLINE:
            place = struct.pack(order + "I", values_at + len(values))
            values += value + bytes(len(value) & 1)
            value = place
        rows += struct.pack(order + "HHI", entry.tag, entry.type, entry.count) + value
    return struct.pack(order + "H", len(entries)) + rows + bytes(4) + values
