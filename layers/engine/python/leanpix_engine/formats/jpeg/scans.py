"""Parse a progressive JPEG: its frame, its Huffman tables and its scans.

Of what mozjpeg or we write, that is (ITU-T T.81, annex B and G): Huffman codes, 8 bits, gray or
three components of which the first may have twice the samples of the others, each way, direct
coefficients whole. Everything else is refused, and left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from leanpix_engine.formats.jpeg import header as jpeg_header

_DHT, _SOF2 = 0xC4, 0xC2
_HEADER_BYTES = 4
"""A segment's marker and length."""
_KEPT: Final = frozenset({jpeg_header.APP0, jpeg_header.APP14, jpeg_header.DQT, _SOF2})
_BLOCK, _SAMPLE_BITS = 8, 8
_LAST_PLACE: Final = 63
_LENGTHS = 16
_GRAY, _COLOUR = 1, 3
_FRAME_BYTES, _SCAN_BYTES = 6, 4
_MOST_SCANS: Final = 100
_MARKER: Final = re.compile(rb"\xff[^\x00]", re.DOTALL)


class Unfit(Exception):
    """A file of another kind, or a damaged one."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The components: ids, luma's blocks in a unit, and the blocks of each, (high, wide)."""

    ids: tuple[int, ...]
    across: int
    down: int
    blocks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A Huffman table: how many codes of each length, and their symbols."""

    of_length: bytes
    listed: bytes


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan of the components `chosen`, with a table for each.

    It holds places `first` to `last`, their bits from `low` up or, if it `refines`, that one.
    """

    chosen: tuple[int, ...]
    first: int
    last: int
    low: int
    refines: bool
    tables: tuple[Table, ...]
    data: bytes
    """The bits, without the zeros that keep them apart from markers."""


@dataclass(slots=True)
class File:
    """A whole file."""

    head: bytes
    """All before the first scan, but Huffman tables."""
    frame: Frame
    scans: list[Scan]


@dataclass(slots=True)
class _Parts:
    """The parts of a file that were found so far."""

    head: bytearray = field(default_factory=lambda: bytearray((0xFF, jpeg_header.SOI)))
    frame: Frame | None = None
    tables: dict[int, Table] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)


def parsed(source: bytes) -> File:
    """Return the parts of a file.

    Raises:
        Unfit: it is not such a file, or not all of one.
    """
    parts, at = _Parts(), 2
    while source[at : at + 2] != bytes((0xFF, jpeg_header.EOI)):
        start = at + _HEADER_BYTES
        header = source[at:start]
        end = at + 2 + int.from_bytes(header[2:], "big")
        if not header.startswith(b"\xff") or not start <= end <= len(source):
            raise Unfit
        payload = source[start:end]
        if header[1] == jpeg_header.SOS:
            at = _end_of_scan(source, end)
            data = source[end:at].replace(b"\xff\x00", b"\xff")
            parts.scans.append(_scan(parts, payload, data))
            continue
        if header[1] == _DHT:
            parts.tables.update(_tables(payload))
        elif header[1] in _KEPT and not parts.scans:
            parts.head += source[at:end]
            if header[1] == _SOF2:
                parts.frame = _frame(payload, parts.frame)
        else:
            raise Unfit
        at = end
    if parts.frame is None or at + 2 != len(source):
        raise Unfit
    _check_progression(parts.frame, parts.scans)
    return File(bytes(parts.head), parts.frame, parts.scans)


def _end_of_scan(source: bytes, start: int) -> int:
    found = _MARKER.search(source, start)
    if found is None:
        raise Unfit
    return found.start()


def _frame(payload: bytes, before: Frame | None) -> Frame:
    if before or len(payload) < _FRAME_BYTES or payload[0] != _SAMPLE_BITS:
        raise Unfit
    count = payload[5]
    height, width = (int.from_bytes(payload[at : at + 2], "big") for at in (1, 3))
    if count not in (_GRAY, _COLOUR) or len(payload) != _FRAME_BYTES + 3 * count:
        raise Unfit
    if not height or not width:
        raise Unfit
    ids = tuple(payload[_FRAME_BYTES::3])
    sampling = [(value >> 4, value & 15) for value in payload[_FRAME_BYTES + 1 :: 3]]
    if count == _GRAY:
        return Frame(ids, 1, 1, (_blocks(height, width, 1, 1),))
    across, down = sampling[0]
    if len(set(ids)) < count or {across, down} - {1, 2} or sampling[1:] != [(1, 1)] * 2:
        raise Unfit
    chroma = _blocks(height, width, down, across)
    return Frame(ids, across, down, (_blocks(height, width, 1, 1), chroma, chroma))


def _blocks(height: int, width: int, down: int, across: int) -> tuple[int, int]:
    """Return how many blocks, high and wide, a component sampled every so many samples needs."""
    return -(-height // (_BLOCK * down)), -(-width // (_BLOCK * across))


def _tables(payload: bytes) -> Iterator[tuple[int, Table]]:
    """Yield Huffman tables by class and slot."""
    at = 0
    while at < len(payload):
        of_length = payload[at + 1 : at + 1 + _LENGTHS]
        end = at + 1 + _LENGTHS + sum(of_length)
        if end > len(payload):
            raise Unfit
        yield payload[at], Table(of_length, payload[at + 1 + _LENGTHS : end])
        at = end


def _scan(parts: _Parts, payload: bytes, data: bytes) -> Scan:
    count = payload[0] if payload else 0
    if parts.frame is None or not count or len(payload) != _SCAN_BYTES + 2 * count:
        raise Unfit
    ids = parts.frame.ids
    named = payload[1:-3:2]
    first, last, bits = payload[-3:]
    if len(set(named)) < count or not set(named) <= set(ids) or len(parts.scans) >= _MOST_SCANS:
        raise Unfit
    high, low = bits >> 4, bits & 15
    if high and high != low + 1:
        raise Unfit
    # Direct coefficients have tables of class 0, all others of class 1.
    slots = [value >> 4 if last == 0 else 0x10 | value & 15 for value in payload[2:-3:2]]
    if not set(slots) <= parts.tables.keys():
        raise Unfit
    return Scan(
        chosen=tuple(ids.index(value) for value in named),
        first=first,
        last=last,
        low=low,
        refines=high > 0,
        tables=tuple(parts.tables[slot] for slot in slots),
        data=data,
    )


def _check_progression(frame: Frame, scans: list[Scan]) -> None:
    """Check that the scans say every bit of every coefficient once, and in order.

    Decoders guess at what is missing (block smoothing), and they guess by the order of scans.
    """
    said: dict[tuple[int, int], int] = {}
    for scan in scans:
        if scan.last > _LAST_PLACE or scan.first > scan.last:
            raise Unfit
        for component in scan.chosen:
            for place in range(scan.first, scan.last + 1):
                before = said.get((component, place))
                if before != (scan.low + 1 if scan.refines else None):
                    raise Unfit
                said[component, place] = scan.low
    if len(said) != len(frame.ids) * (_LAST_PLACE + 1) or any(said.values()):
        raise Unfit
