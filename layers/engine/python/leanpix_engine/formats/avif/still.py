"""Put a coded AV1 still into an AVIF file (ISO 23000-22; AV1 in ISOBMFF, section 2.3)."""

from __future__ import annotations

from typing import Final

from leanpix_engine.formats.avif.aom import BT601, BT709, SRGB
from leanpix_engine.formats.avif.container import Item, Still, write
from leanpix_engine.picture.exif import PREFIX
from leanpix_engine.picture.picture import Picture

_FULL_RANGE: Final = 0x80
_TEN_BITS: Final = 10
_TEMPORAL_DELIMITER: Final = bytes((0x12, 0))
_SEQUENCE_HEADER: Final = 0x0A
_REDUCED: Final = 0x08
_LEVEL_BITS: Final = 0x1F
_IMAGE: Final = 1
_CHANNELS: Final = 3


def file_of(av1: bytes, picture: Picture, bits: int) -> bytes:
    """Return the AVIF of a 4:4:4 still over the full range, with the picture's metadata.

    Raises:
        ValueError: the AV1 begins with something else than a sequence header.
    """
    data = av1.removeprefix(_TEMPORAL_DELIMITER)
    colours = b"nclx" + b"".join(n.to_bytes(2, "big") for n in (BT709, SRGB, BT601))
    properties = [
        (_box(b"ispe", bytes(4) + _four(picture.width) + _four(picture.height)), False),
        (_box(b"pixi", bytes(4) + bytes((_CHANNELS, *[bits] * _CHANNELS))), False),
        (_box(b"av1C", _configuration(data, bits)), True),
        (_box(b"colr", colours + bytes((_FULL_RANGE,))), False),
    ]
    if picture.icc:
        properties.append((_box(b"colr", b"prof" + picture.icc), False))
    image = Item(number=_IMAGE, kind=b"av01", name=b"\0", data=data, properties=tuple(properties))
    notes = list(_notes(picture))
    return write(
        Still(
            primary=_IMAGE,
            items=(image, *notes),
            references=tuple((b"cdsc", note.number, _IMAGE) for note in notes),
        )
    )


def _configuration(data: bytes, bits: int) -> bytes:
    """Return `AV1CodecConfigurationRecord`; profile and level stand in the sequence header."""
    if data[:1] != bytes((_SEQUENCE_HEADER,)):
        message = "no sequence header"
        raise ValueError(message)
    first = int.from_bytes(data[2:4], "big")
    profile, is_reduced = first >> 13, first >> 8 & _REDUCED
    # Reduced: profile 3 bits, still, reduced, level 5 bits.
    if not is_reduced:
        message = "a sequence header of a film"
        raise ValueError(message)
    level = first >> 6 & _LEVEL_BITS
    depth = 0x40 if bits == _TEN_BITS else 0
    return bytes((0x81, profile << 5 | level, depth, 0))


def _notes(picture: Picture) -> list[Item]:
    found = []
    if picture.exif:
        # The offset of the TIFF header comes first (ISO 23008-12, A.2.1).
        found.append((b"Exif", b"\0", bytes(4) + picture.exif.removeprefix(PREFIX)))
    if picture.xmp:
        found.append((b"mime", b"\0application/rdf+xml\0", picture.xmp))
    return [
        Item(number=_IMAGE + index, kind=kind, name=name, data=data)
        for index, (kind, name, data) in enumerate(found, 1)
    ]


def _box(kind: bytes, content: bytes) -> bytes:
    return _four(len(content) + 8) + kind + content


def _four(value: int) -> bytes:
    return value.to_bytes(4, "big")
