"""Read AVIF's boxes: size, depth, alpha, rotation (ISO 14496-12, 23008-12, 23000-22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.exif import NOTHING, PREFIX, Kept, minimal

MARK = mark.AVIF
"""The place of our mark in a file."""

_AVIF_BRANDS = {b"avif", b"avis"}
_BRANDS = {b"avif", b"avis", b"mif1", b"msf1", b"miaf", b"MA1A", b"MA1B"}
_MAX_DEPTH = 8
_MOST_ITEMS = 64
_PRIVATE = {b"Exif": bytes(4) + minimal(1), b"mime": b""}
"""What takes the place of metadata: an EXIF block of one tag (its offset first), and blanks."""
_CONTAINERS = {
    b"meta": 4,
    b"iprp": 0,
    b"ipco": 0,
    b"moov": 0,
    b"trak": 0,
    b"mdia": 0,
    b"minf": 0,
    b"stbl": 0,
}
"""Boxes that hold boxes, and the bytes before the first of them."""
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")


@dataclass(slots=True)
class _Found:
    sizes: list[tuple[int, int]] = field(default_factory=list)
    bits: int = 8
    channels: int = 3
    alpha: bool = False
    quarter_turns: int = 0
    samples: int = 0


def _boxes(source: bytes, at: int, end: int, depth: int = 0) -> Iterator[tuple[bytes, int, int]]:
    while at + 8 <= end:
        size, kind, head = int.from_bytes(source[at : at + 4], "big"), source[at + 4 : at + 8], 8
        if size == 1:
            size, head = int.from_bytes(source[at + 8 : at + 16], "big"), 16
        stop = end if size == 0 else at + size
        if stop > end or stop < at + head:
            raise Refused(Reason.CORRUPT_IMAGE)
        yield kind, at + head, stop
        if kind in _CONTAINERS and depth < _MAX_DEPTH:
            yield from _boxes(source, at + head + _CONTAINERS[kind], stop, depth + 1)
        at = stop


def matches(source: bytes) -> bool:
    """Return True for AV1 in HEIF (ISO 23000-22); HEIC shares the container but not the brand."""
    if source[4:8] != b"ftyp":
        return False
    size = min(int.from_bytes(source[:4], "big"), 256)
    brands = {source[8:12]} | {source[i : i + 4] for i in range(16, size, 4)}
    return bool(brands & _AVIF_BRANDS) and bool(brands & _BRANDS)


def read(source: bytes, limits: Limits) -> Probe:
    """Return an AVIF's facts; the largest item gives the size, a grid's tiles are smaller."""
    found = _Found()
    for kind, start, end in _boxes(source, 0, len(source)):
        _note(found, kind, source[start : min(end, start + 256)])
    if not found.sizes:
        raise Refused(Reason.CORRUPT_IMAGE)
    width, height = max(found.sizes, key=lambda size: size[0] * size[1])
    if found.quarter_turns % 2:
        width, height = height, width
    return Probe(
        format=Format.AVIF,
        width=width,
        height=height,
        frames=max(1, found.samples) if source[8:12] == b"avis" else 1,
        bits=found.bits,
        channels=found.channels,
        alpha=found.alpha,
    )


def _note(found: _Found, kind: bytes, payload: bytes) -> None:
    if kind == b"ispe" and len(payload) >= 12:
        found.sizes.append(
            (int.from_bytes(payload[4:8], "big"), int.from_bytes(payload[8:12], "big"))
        )
    elif kind == b"pixi" and len(payload) >= 6:
        found.bits = max(found.bits, payload[5])
        if payload[4] in (1, 3) and not found.alpha:
            found.channels = max(payload[4], 1)
    elif kind == b"auxC":
        found.alpha = found.alpha or any(sign in payload for sign in _ALPHA)
    elif kind == b"irot" and payload:
        found.quarter_turns = payload[0] & 3
    elif kind == b"stsz" and len(payload) >= 12:
        found.samples = max(found.samples, int.from_bytes(payload[8:12], "big"))


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return an AVIF whose EXIF says nothing and whose XMP is blank, so that offsets stay.

    What is kept stands in their places, where there is room.
    """
    kinds: dict[int, bytes] = {}
    places: dict[int, list[tuple[int, int]]] = {}
    for kind, start, end in _boxes(source, 0, len(source)):
        if kind == b"iinf" and start < end:
            count_bytes = 2 if source[start] == 0 else 4
            entries = _boxes(source, start + 4 + count_bytes, end)
            kinds |= dict(_read_item(source[begin:stop]) for _, begin, stop in entries)
        elif kind == b"iloc":
            places = _places(source[start:end])
    clean = bytearray(source)
    tiff = bytes(4) + kept.exif.removeprefix(PREFIX) if kept.exif else None
    for number, kind in kinds.items():
        for start, length in places.get(number, []) if kind in _PRIVATE else []:
            size = len(clean[start : start + length])
            content = tiff if kind == b"Exif" else kept.xmp
            if content is None or len(content) > size:
                content = _PRIVATE[kind]
            clean[start : start + length] = content.ljust(size, b" ")[:size]
    return bytes(clean)


_LEAST_ILOC_BYTES = 8
"""Version, flags, sizes and the count of items."""


def _read_item(box: bytes) -> tuple[int, bytes]:
    """Return an item's number and kind, by its `infe` box (ISO 14496-12, 8.11.6)."""
    number_bytes = 2 if box[:1] == b"\x02" else 4
    kind_at = 4 + number_bytes + 2
    return int.from_bytes(box[4 : 4 + number_bytes], "big"), box[kind_at : kind_at + 4]


def _places(box: bytes) -> dict[int, list[tuple[int, int]]]:
    """Return each item's (offset, length) in the file, by an `iloc` box (ISO 14496-12, 8.11.3)."""
    if len(box) < _LEAST_ILOC_BYTES:
        return {}
    version = box[0]
    offset_bytes, length_bytes = box[4] >> 4, box[4] & 15
    base_bytes, index_bytes = box[5] >> 4, box[5] & 15 if version else 0
    wide = 4 if version > 1 else 2
    at, places = 6 + wide, dict[int, list[tuple[int, int]]]()

    def take(count: int) -> int:
        nonlocal at
        at += count
        return int.from_bytes(box[at - count : at], "big")

    for _ in range(min(int.from_bytes(box[6 : 6 + wide], "big"), _MOST_ITEMS)):
        number = take(wide)
        method = take(2) & 15 if version else 0
        take(2)
        base = take(base_bytes)
        extents = []
        for _ in range(min(take(2), _MOST_ITEMS)):
            take(index_bytes)
            extents.append((base + take(offset_bytes), take(length_bytes)))
        if method == 0:
            places[number] = extents
    return places
