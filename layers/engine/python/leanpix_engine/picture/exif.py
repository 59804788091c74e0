"""Read and write EXIF's orientation (EXIF 2.32, tag 0x0112), which changes what one sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PREFIX = b"Exif\x00\x00"
"""The bytes before the TIFF block in a JPEG's APP1."""

SWAPS_SIDES = (5, 6, 7, 8)
"""Orientations that lay the image on its side."""

_TAG, _SHORT = 0x0112, 3
_MAX_ENTRIES = 512
_ORDER: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}


@dataclass(frozen=True, slots=True)
class Kept:
    """The metadata that a file is to carry, and no other."""

    exif: bytes | None = None
    """An EXIF block, with or without its prefix, that says the orientation where there is one."""
    xmp: bytes | None = None

    def tiff(self, orientation: int) -> bytes | None:
        """Return the block without its prefix, or one that says an orientation alone."""
        if self.exif:
            return self.exif.removeprefix(PREFIX)
        return minimal(orientation) if orientation > 1 else None


NOTHING = Kept()


def orientation_of(tiff: bytes) -> int:
    """Return the orientation 1-8 in an EXIF block; 1 where it is missing or broken."""
    at = _place_of_orientation(tiff)
    value = int.from_bytes(tiff[at : at + 2], _ORDER[tiff[:2]]) if at else 1
    return value if 1 <= value <= 8 else 1


def with_upright(exif: bytes) -> bytes:
    """Return an EXIF block, with or without its prefix, with orientation 1 for any other."""
    start = len(PREFIX) if exif.startswith(PREFIX) else 0
    tiff = exif[start:]
    at = _place_of_orientation(tiff)
    if not at:
        return exif
    return exif[:start] + tiff[:at] + (1).to_bytes(2, _ORDER[tiff[:2]]) + tiff[at + 2 :]


def _place_of_orientation(tiff: bytes) -> int:
    """Return the offset of the orientation's value in the first directory; 0 for none."""
    order = _ORDER.get(tiff[:2])
    if order is None:
        return 0
    directory = int.from_bytes(tiff[4:8], order)
    entries = int.from_bytes(tiff[directory : directory + 2], order)
    for entry in range(min(entries, _MAX_ENTRIES)):
        at = directory + 2 + 12 * entry
        if at + 12 > len(tiff):
            return 0
        tag, kind = (int.from_bytes(tiff[at + i : at + i + 2], order) for i in (0, 2))
        if tag == _TAG and kind == _SHORT:
            return at + 8
    return 0


def minimal(orientation: int) -> bytes:
    """Return a TIFF block that says the orientation and nothing else (26 bytes)."""
    entry = _TAG.to_bytes(2, "big") + _SHORT.to_bytes(2, "big") + (1).to_bytes(4, "big")
    value = orientation.to_bytes(2, "big") + b"\x00\x00"
    return b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + value + b"\x00\x00\x00\x00"
