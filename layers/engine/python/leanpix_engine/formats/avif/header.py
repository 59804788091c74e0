"""Read AVIF's boxes: size, depth, alpha, rotation (ISO 14496-12, 23008-12, 23000-22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe

MARK = mark.AVIF
"""The place of our mark in a file."""

_AVIF_BRANDS = {b"avif", b"avis"}
_BRANDS = {b"avif", b"avis", b"mif1", b"msf1", b"miaf", b"MA1A", b"MA1B"}
_MAX_DEPTH = 8
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
