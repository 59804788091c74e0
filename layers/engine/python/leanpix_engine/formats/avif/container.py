"""Read and write the boxes around the parts of an AVIF still (ISO 14496-12, 23008-12, 23000-22).

It reads what our encoders made, never a user's file, and puts a colour image of one file and an
alpha plane of another into one. What it writes has only what the standards ask for: no names, and
no colours that the AV1 data tell themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

_FULL_BOX: Final = 4
"""Bytes of version and flags."""
_ESSENTIAL: Final = 0x80
_FILE_TYPE: Final = b"avif" + bytes(4) + b"avifmif1miaf"
_NO_NAME: Final = b"\0"
_TEMPORAL_DELIMITER: Final = b"\x12\0"
"""An OBU that says nothing, and that an AVIF should not have (AVIF 1.1, section 2.1)."""
_SEQUENCE_HEADER_BYTES: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One part of a file: an image, an alpha plane, metadata."""

    number: int
    kind: bytes
    """`av01`, `Exif`, `mime`."""
    name: bytes
    """What follows the kind in its `infe` box."""
    data: bytes
    properties: tuple[tuple[bytes, bool], ...] = ()
    """Whole property boxes, and whether a reader must understand them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """A file's items, the one to show, and who refers to whom."""

    primary: int
    items: tuple[Item, ...]
    references: tuple[tuple[bytes, int, int], ...] = ()
    """Kind, from, to."""


@dataclass(slots=True)
class _Meta:
    primary: int = 0
    places: dict[int, bytes] = field(default_factory=dict)
    kinds: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    properties: list[bytes] = field(default_factory=list)
    uses: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)
    references: list[tuple[bytes, int, int]] = field(default_factory=list)


def lean(data: bytes) -> bytes:
    """Return a file with the smallest boxes that all decoders read.

    Raises:
        ValueError: an item is missing, or is coded in a way that our encoders do not use.
    """
    return write(read(data))


def with_alpha(colour: bytes, alpha: bytes) -> bytes:
    """Return the image of one file with the alpha plane of another, as one file.

    Raises:
        ValueError: an item is missing, or is coded in a way that our encoders do not use.
    """
    image, other = read(colour), read(alpha)
    plane = _alpha_of(other)
    number = max(item.number for item in image.items) + 1
    return write(
        replace(
            image,
            items=(*image.items, replace(plane, number=number)),
            references=(*image.references, (b"auxl", number, image.primary)),
        )
    )


def _alpha_of(still: Still) -> Item:
    for kind, origin, _ in still.references:
        if kind == b"auxl":
            return next(item for item in still.items if item.number == origin)
    message = "no alpha plane"
    raise ValueError(message)


def read(data: bytes) -> Still:
    """Return the parts of a file.

    Raises:
        ValueError: it has none, or an item's bytes are not in the file.
    """
    meta = _Meta()
    for kind, payload in _boxes(data):
        if kind == b"meta":
            for inner, content in _boxes(payload[_FULL_BOX:]):
                _note(meta, inner, content, data)
    if not meta.places:
        message = "no items"
        raise ValueError(message)
    items = tuple(
        Item(
            number=number,
            kind=meta.kinds[number][0],
            name=meta.kinds[number][1],
            data=place.removeprefix(_TEMPORAL_DELIMITER),
            properties=tuple(
                (meta.properties[index - 1], essential)
                for index, essential in meta.uses.get(number, [])
                if not _is_told(meta.properties[index - 1], place)
            ),
        )
        for number, place in meta.places.items()
    )
    return Still(primary=meta.primary, items=items, references=tuple(meta.references))


def _is_told(box: bytes, data: bytes) -> bool:
    """Return whether a box holds the colours that the sequence header in `data` holds as well.

    There the range follows the three code points (AV1 specification, section 5.5.2).
    """
    if box[4:12] != b"colrnclx":
        return False
    primaries, transfer, matrix = struct.unpack(">HHH", box[12:18])
    told = (primaries << 16 | transfer << 8 | matrix) << 1 | box[18] >> 7
    header = int.from_bytes(data[:_SEQUENCE_HEADER_BYTES], "big")
    return any(
        header >> at & (1 << 25) - 1 == told for at in range(8 * _SEQUENCE_HEADER_BYTES - 25)
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big") or len(data) - at
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += max(size, 8)


def _note(meta: _Meta, kind: bytes, content: bytes, whole: bytes) -> None:
    if kind == b"pitm":
        meta.primary = int.from_bytes(content[_FULL_BOX : _FULL_BOX + 2], "big")
    elif kind == b"iloc":
        meta.places.update(_places(content, whole))
    elif kind == b"iinf":
        for _, entry in _boxes(content[_FULL_BOX + 2 :]):
            number = int.from_bytes(entry[4:6], "big")
            kind_of_item = entry[8:12]
            name = _NO_NAME if kind_of_item == b"av01" else entry[12:]
            meta.kinds[number] = kind_of_item, name
    elif kind == b"iref":
        meta.references += _references(content)
    elif kind == b"iprp":
        parts = dict(_boxes(content))
        meta.properties = [_box(*box) for box in _boxes(parts[b"ipco"])]
        meta.uses.update(_uses(parts[b"ipma"]))


def _references(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield who refers to whom (`iref`, version 0)."""
    for kind, entry in _boxes(content[_FULL_BOX:]):
        origin, count, *targets = struct.unpack(f">{len(entry) // 2}H", entry)
        yield from ((kind, origin, target) for target in targets[:count])


def _places(content: bytes, whole: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of each item (`iloc`, versions 0 and 1)."""
    version = content[0]
    offset_size, length_size = content[4] >> 4, content[4] & 15
    base_size, index_size = content[5] >> 4, content[5] & 15
    at = 8

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(content[at - size : at], "big")

    for _ in range(int.from_bytes(content[6:8], "big")):
        item = number(2)
        method = number(2) if version else 0
        number(2)
        base, data = number(base_size), b""
        for _ in range(number(2)):
            number(index_size if version else 0)
            start = base + number(offset_size)
            data += whole[start : start + number(length_size)]
        if method or not data:
            message = "an item is not in the file's own data"
            raise ValueError(message)
        yield item, data


def _uses(content: bytes) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    """Yield which properties each item has (`ipma`, version 0, up to 127 properties)."""
    at = _FULL_BOX + 4
    for _ in range(int.from_bytes(content[_FULL_BOX:at], "big")):
        item, count = int.from_bytes(content[at : at + 2], "big"), content[at + 2]
        found = content[at + 3 : at + 3 + count]
        yield item, [(value & ~_ESSENTIAL, bool(value & _ESSENTIAL)) for value in found]
        at += 3 + count


def write(still: Still) -> bytes:
    """Return a file with these parts and nothing else."""
    head = _box(b"ftyp", _FILE_TYPE)
    # The places stand in the same bytes whatever they are, so that one look at the size will do.
    before = len(head) + len(_meta(still, 0)) + 8
    return head + _meta(still, before) + _box(b"mdat", b"".join(i.data for i in still.items))


def _meta(still: Still, start: int) -> bytes:
    entries, places = b"", b""
    for item in still.items:
        content = item.number.to_bytes(2, "big") + bytes(2) + item.kind + item.name
        entries += _box(b"infe", b"\x02\0\0\0" + content)
        places += struct.pack(">HHHII", item.number, 0, 1, start, len(item.data))
        start += len(item.data)
    count = len(still.items).to_bytes(2, "big")
    parts = [
        _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
        _box(b"pitm", bytes(4) + still.primary.to_bytes(2, "big")),
        _box(b"iloc", bytes(4) + b"\x44\x00" + count + places),
        _box(b"iinf", bytes(4) + count + entries),
    ]
    if still.references:
        links = (
            _box(kind, struct.pack(">HHH", origin, 1, target))
            for kind, origin, target in still.references
        )
        parts.append(_box(b"iref", bytes(4) + b"".join(links)))
    return _box(b"meta", bytes(4) + b"".join(parts) + _properties(still))


def _properties(still: Still) -> bytes:
    boxes: list[bytes] = []
    uses, count = b"", 0
    for item in still.items:
        if not item.properties:
            continue
        numbers = b""
        for box, essential in item.properties:
            if box not in boxes:
                boxes.append(box)
            numbers += bytes([boxes.index(box) + 1 | (_ESSENTIAL if essential else 0)])
        uses += item.number.to_bytes(2, "big") + bytes([len(numbers)]) + numbers
        count += 1
    map_ = _box(b"ipma", bytes(4) + count.to_bytes(4, "big") + uses)
    return _box(b"iprp", _box(b"ipco", b"".join(boxes)) + map_)


def _box(kind: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + kind + content
