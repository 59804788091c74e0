"""Read WebP's RIFF chunks (RFC 9649)."""

from __future__ import annotations

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.exif import NOTHING, SWAPS_SIDES, Kept, orientation_of

MARK = mark.WEBP
"""The place of our mark in a file."""

_EXIF_FLAG, _XMP_FLAG = 0x08, 0x04
"""Bits of the extended header (RFC 9649, 2.7.1)."""


def matches(source: bytes) -> bool:
    """Return True where the content is a WebP file's."""
    return source[:4] == b"RIFF" and source[8:12] == b"WEBP"


def read(source: bytes, limits: Limits) -> Probe:
    """Return the facts of a WebP file."""
    if len(source) < 20 or int.from_bytes(source[4:8], "little") + 8 > len(source):
        raise Refused(Reason.CORRUPT_IMAGE)
    size, frames, loop, alpha, lossless, orientation = (0, 0), 0, 0, False, False, 1
    at = 12
    while at + 8 <= len(source):
        kind, length = source[at : at + 4], int.from_bytes(source[at + 4 : at + 8], "little")
        payload = source[at + 8 : at + 8 + min(length, 65_536)]
        if kind == b"VP8X" and len(payload) >= 10:
            alpha = bool(payload[0] & 0x10)
            size = (_u24(payload, 4) + 1, _u24(payload, 7) + 1)
        elif kind == b"ANIM" and len(payload) >= 6:
            loop = int.from_bytes(payload[4:6], "little")
        elif kind == b"ANMF":
            frames += 1
            lossless = payload[16:20] == b"VP8L" or (lossless and frames > 1)
        elif kind == b"VP8 " and len(payload) >= 10:
            size = size if size[0] else (_u14(payload, 6), _u14(payload, 8))
        elif kind == b"VP8L" and len(payload) >= 5:
            bits = int.from_bytes(payload[1:5], "little")
            size = size if size[0] else ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
            alpha, lossless = alpha or bool(bits >> 28 & 1), True
        elif kind == b"EXIF":
            orientation = orientation_of(payload.removeprefix(b"Exif\x00\x00"))
        at += 8 + length + (length & 1)
    if not size[0]:
        raise Refused(Reason.CORRUPT_IMAGE)
    width, height = size if orientation not in SWAPS_SIDES else size[::-1]
    return Probe(
        format=Format.WEBP,
        width=width,
        height=height,
        frames=max(1, frames),
        alpha=alpha,
        orientation=orientation,
        loop=loop,
        lossless=lossless,
    )


def _u24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def _u14(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little") & 0x3FFF


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return a WebP without EXIF and XMP; its orientation stays."""
    parts, at, flags, orientation = [], 12, 0, 1
    while at + 8 <= len(source):
        kind, length = source[at : at + 4], int.from_bytes(source[at + 4 : at + 8], "little")
        end = at + 8 + length + (length & 1)
        if kind == b"EXIF":
            orientation = orientation_of(source[at + 8 : end].removeprefix(b"Exif\x00\x00"))
        if kind in (b"EXIF", b"XMP "):
            flags |= _EXIF_FLAG if kind == b"EXIF" else _XMP_FLAG
        else:
            parts.append(source[at:end])
        at = end
    if not flags:
        return source
    described = ((b"EXIF", _EXIF_FLAG, kept.tiff(orientation)), (b"XMP ", _XMP_FLAG, kept.xmp))
    for kind, flag, payload in described:
        if payload and flags & flag:
            size = len(payload).to_bytes(4, "little")
            parts.append(kind + size + payload + bytes(len(payload) & 1))
            flags &= ~flag
    body = bytearray(b"WEBP" + b"".join(parts))
    if body[4:8] == b"VP8X":
        body[12] &= ~flags
    return b"RIFF" + len(body).to_bytes(4, "little") + bytes(body)
