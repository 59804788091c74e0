"""Read PNG's chunks: header, animation control (PNG Specification, third edition)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import HDR_TRANSFERS, Probe
from leanpix_engine.picture.exif import NOTHING, SWAPS_SIDES, Kept, orientation_of

MARK = mark.PNG
"""The place of our mark in a file."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BITS_BY_TYPE = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SHOWN = {
    *(b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs", b"cICP", b"mDCV"),
    *(b"cLLI", b"acTL", b"fcTL", b"fdAT", b"lpXM"),
}
"""Ancillary chunks that say how the pixels are shown, and our mark."""
XMP_HEAD = b"XML:com.adobe.xmp\x00\x00\x00\x00\x00"
"""Keyword, no compression, no language, no translated keyword (XMP, part 3, 1.1.5)."""
_CRITICAL = {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT"}


_COLOUR_TYPE_AT, _INDEXED = 25, 3


def is_indexed(source: bytes) -> bool:
    """Return whether a PNG stores indices into a palette (section 11.2.1)."""
    return source[_COLOUR_TYPE_AT] == _INDEXED


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: `data[start:end]` is its payload."""

    kind: bytes
    start: int
    end: int


def chunks(source: bytes) -> Iterator[Chunk]:
    """Yield the chunks up to and with IEND; checksums of those that carry pixels are checked.

    Raises:
        Refused: `CORRUPT_IMAGE` where a chunk is cut off or its checksum is wrong.
    """
    at = len(SIGNATURE)
    view = memoryview(source)
    while True:
        length = int.from_bytes(source[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(source):
            raise Refused(Reason.CORRUPT_IMAGE)
        kind = source[at + 4 : at + 8]
        if kind in _CRITICAL and zlib.crc32(view[at + 4 : end]) != int.from_bytes(
            source[end : end + 4], "big"
        ):
            raise Refused(Reason.CORRUPT_IMAGE)
        yield Chunk(kind, at + 8, end)
        if kind == b"IEND":
            return
        at = end + 4


def matches(source: bytes) -> bool:
    """Return True where the content is a PNG file's."""
    return source.startswith(SIGNATURE)


def read(source: bytes, limits: Limits) -> Probe:
    """Return the facts of a PNG or APNG file."""
    header, frames, loop, alpha, orientation, pixels = b"", 1, 0, False, 1, False
    for chunk in chunks(source):
        payload = source[chunk.start : min(chunk.end, chunk.start + 65_536)]
        if not header and chunk.kind != b"IHDR":
            raise Refused(Reason.CORRUPT_IMAGE)
        if chunk.kind == b"IHDR":
            header = payload
        elif chunk.kind == b"acTL" and len(payload) >= 8 and not pixels:
            frames, loop = (
                max(1, int.from_bytes(payload[:4], "big")),
                int.from_bytes(payload[4:8], "big"),
            )
        elif chunk.kind == b"tRNS":
            alpha = True
        elif chunk.kind == b"eXIf":
            orientation = orientation_of(payload)
        pixels = pixels or chunk.kind == b"IDAT"
        if chunk.kind in (b"zTXt", b"iTXt", b"iCCP"):
            _bounded(source[chunk.start : chunk.end], limits)
    if not pixels or len(header) != 13 or header[8] not in _BITS_BY_TYPE.get(header[9], ()):
        raise Refused(Reason.CORRUPT_IMAGE)
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    if orientation in SWAPS_SIDES:
        width, height = height, width
    return Probe(
        format=Format.PNG,
        width=width,
        height=height,
        frames=frames,
        bits=header[8] if header[9] != 3 else 8,
        channels=1 if header[9] in (0, 4) else 3,
        alpha=alpha or header[9] in (4, 6),
        orientation=orientation,
        loop=loop,
        lossless=True,
        hdr=_is_hdr(source),
    )


def _is_hdr(source: bytes) -> bool:
    return any(
        chunk.kind == b"cICP"
        and int.from_bytes(source[chunk.start + 1 : chunk.start + 2]) in HDR_TRANSFERS
        for chunk in chunks(source)
    )


def _bounded(payload: bytes, limits: Limits) -> None:
    """Refuse compressed text or a profile that inflates beyond the limit (a bomb)."""
    start = payload.find(b"\x00") + 2
    if start < 2 or payload[start : start + 1] != b"\x78":
        start = payload.find(b"\x78\x9c")  # iTXt: two strings lie between the flag and the data
    if start < 0:
        return
    inflater = zlib.decompressobj()
    try:
        inflater.decompress(payload[start:], limits.max_inflated_metadata_bytes)
    except zlib.error:
        return  # damaged metadata is dropped, not refused: the pixels do not need it
    if inflater.unconsumed_tail:
        raise Refused(
            Reason.UNSAFE_CONTENT,
            "This PNG carries metadata that inflates to an unreasonable size.",
        )


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return a PNG without chunks that only describe it; its orientation stays."""
    parts, orientation = [SIGNATURE], 1
    for chunk in chunks(source):
        if chunk.kind in _SHOWN or chunk.kind[0] < ord("a"):
            parts.append(source[chunk.start - 8 : chunk.end + 4])
        elif chunk.kind == b"eXIf":
            orientation = orientation_of(source[chunk.start : chunk.end])
    tiff = kept.tiff(orientation)
    described = [_chunk(b"eXIf", tiff)] if tiff else []
    described += [_chunk(b"iTXt", XMP_HEAD + kept.xmp)] if kept.xmp else []
    return b"".join((*parts[:2], *described, *parts[2:]))


def _chunk(kind: bytes, payload: bytes) -> bytes:
    size = len(payload).to_bytes(4, "big")
    return size + kind + payload + zlib.crc32(kind + payload).to_bytes(4, "big")
