"""The one EXIF field that changes what one sees: the orientation (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

_TAG, _SHORT = 0x0112, 3


def orientation_of(tiff: bytes) -> int:
    """Orientation 1-8 in a TIFF-structured EXIF block; 1 where it is missing or broken."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return 1

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], "little" if order == "little" else "big")

    ifd = number(4, 4)
    for entry in range(min(number(ifd, 2), 512)):
        at = ifd + 2 + 12 * entry
        if at + 12 > len(tiff):
            return 1
        if number(at, 2) == _TAG and number(at + 2, 2) == _SHORT:
            value = number(at + 8, 2)
            return value if 1 <= value <= 8 else 1
    return 1


def minimal(orientation: int) -> bytes:
    """A TIFF block that says the orientation and nothing else (26 bytes)."""
    entry = _TAG.to_bytes(2, "big") + _SHORT.to_bytes(2, "big") + (1).to_bytes(4, "big")
    value = orientation.to_bytes(2, "big") + b"\x00\x00"
    return b"MM\x00\x2a\x00\x00\x00\x08\x00\x01" + entry + value + b"\x00\x00\x00\x00"
