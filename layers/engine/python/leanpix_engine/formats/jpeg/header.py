"""Read JPEG's marker segments: frame header, EXIF orientation, gain maps, quantization.

Sources: ITU-T T.81 (markers, frame header), EXIF 2.32 (APP1), ICC.1 annex B.4 (APP2), CIPA DC-007
(MPF), Adobe TN 5116 (APP14).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.exif import NOTHING, PREFIX, SWAPS_SIDES, Kept, minimal, orientation_of

MARK = mark.JPEG
"""The place of our mark in a file."""

SOI, EOI, SOS, DQT = 0xD8, 0xD9, 0xDA, 0xDB
APP0, APP1, APP2, APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_APP15, COM = 0xEF, 0xFE
MAX_PAYLOAD = 65_533
"""A segment's length is 16 bits and counts itself."""
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PLAIN_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended sequential, progressive; all Huffman

EXIF = PREFIX
XMP = b"http://ns.adobe.com/xap/1.0/\x00"
ICC = b"ICC_PROFILE\x00"
MPF = b"MPF\x00"
_GAIN_MAP_SIGNS = (
    b"http://ns.adobe.com/hdr-gain-map/1.0/",  # Ultra HDR
    b"urn:iso:std:iso:ts:21496:-1",  # ISO 21496-1
    b"urn:com:apple:photo:2020:aux:hdrgainmap",  # Apple
    b"http://ns.apple.com/HDRGainMap/1.0/",
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: `data[start:end]` is its payload, without marker and length."""

    marker: int
    start: int
    end: int


def segments(source: bytes) -> Iterator[Segment]:
    """Yield the segments up to and with the first start of scan.

    Raises:
        Refused: `CORRUPT_IMAGE` where the chain of segments breaks.
    """
    at = 2
    while True:
        at = source.find(b"\xff", at)
        while at != -1 and source[at : at + 1] == b"\xff":
            at += 1
        if at == -1 or at + 3 > len(source):
            raise Refused(Reason.CORRUPT_IMAGE)
        marker = source[at]
        if marker in _STANDALONE or marker == 0:
            at += 1
            continue
        length = int.from_bytes(source[at + 1 : at + 3], "big")
        if marker == EOI or length < 2 or at + 1 + length > len(source):
            raise Refused(Reason.CORRUPT_IMAGE)
        yield Segment(marker, at + 3, at + 1 + length)
        if marker == SOS:
            return
        at += 1 + length


def after_jfif(data: bytes) -> int:
    """Return where metadata segments may begin: behind the start of image and JFIF's APP0."""
    return 4 + int.from_bytes(data[4:6], "big") if data[2:4] == bytes((0xFF, APP0)) else 2


def matches(source: bytes) -> bool:
    """Return True where the content is a JPEG file's."""
    return source.startswith(b"\xff\xd8\xff")


def read(source: bytes, limits: Limits) -> Probe:
    """Return the facts of a JPEG file."""
    orientation, gain_map, frame = 1, False, None
    for segment in segments(source):
        payload = source[segment.start : segment.end]
        if segment.marker in _FRAME_HEADERS:
            frame = _frame(segment.marker, payload)
        elif segment.marker == APP1 and payload.startswith(EXIF):
            orientation = orientation_of(payload[len(EXIF) :])
        elif segment.marker == APP2 and payload.startswith(MPF):
            gain_map = any(sign in source for sign in _GAIN_MAP_SIGNS)
    if frame is None:
        raise Refused(Reason.CORRUPT_IMAGE)
    width, height = (
        (frame.height, frame.width) if orientation in SWAPS_SIDES else (frame.width, frame.height)
    )
    return Probe(
        format=Format.JPEG,
        width=width,
        height=height,
        bits=frame.bits,
        channels=frame.channels,
        orientation=orientation,
        gain_map=gain_map,
        subsampled=frame.subsampled,
    )


def mean_quantizer(source: bytes) -> float | None:
    """Return the mean of the first quantization table: how coarsely the file was stored.

    That table is the one for brightness with every encoder we know (T.81, B.2.4.1). It is None for
    a file that is broken before it, that has none, or one of zeros.
    """
    try:
        _, steps = next(quantization_tables(source), (0, []))
    except Refused:
        return None
    return sum(steps) / len(steps) if any(steps) else None


def quantization_tables(source: bytes) -> Iterator[tuple[int, list[int]]]:
    """Yield each quantization table's number and its steps in zigzag order (T.81, B.2.4.1).

    A table that its segment cuts off is yielded as far as it goes.

    Raises:
        Refused: the file is broken before the next table.
    """
    for segment in segments(source):
        at = segment.start
        while segment.marker == DQT and at < segment.end:
            bytes_each = 2 if source[at] >> 4 else 1
            end = at + 1 + 64 * bytes_each
            table = source[at + 1 : min(end, segment.end)]
            steps = [
                int.from_bytes(table[place : place + bytes_each], "big")
                for place in range(0, len(table), bytes_each)
            ]
            yield source[at] & 15, steps
            at = end


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    bits: int
    channels: int
    subsampled: bool


def _frame(marker: int, payload: bytes) -> _Frame:
    if marker not in _PLAIN_FRAMES:
        kind = "arithmetic coding" if marker >= 0xC9 else "lossless or hierarchical coding"
        raise Refused(Reason.UNSUPPORTED_FEATURE, f"JPEG with {kind} is not supported.")
    if len(payload) < 6 or len(payload) < 6 + 3 * payload[5]:
        raise Refused(Reason.CORRUPT_IMAGE)
    if payload[0] != 8:
        raise Refused(
            Reason.UNSUPPORTED_FEATURE,
            f"JPEG with {payload[0]} bits per channel is not supported; only 8 bits are.",
        )
    channels = payload[5]
    if channels not in (1, 3, 4):
        raise Refused(
            Reason.UNSUPPORTED_FEATURE, f"JPEG with {channels} channels is not supported."
        )
    sampling = {payload[7 + 3 * i] for i in range(channels)}
    return _Frame(
        width=int.from_bytes(payload[3:5], "big"),
        height=int.from_bytes(payload[1:3], "big"),
        bits=payload[0],
        channels=channels,
        subsampled=len(sampling) > 1,
    )


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return a JPEG without segments that only describe it; its orientation stays.

    The colour profile, JFIF's and Adobe's segments and our mark stay. In a file with a second
    image its place is written anew.
    """
    parts, at, orientation, has_more = [], 2, 1, False
    for segment in segments(source):
        payload = source[segment.start : segment.end]
        start = segment.start - 4
        if segment.marker == APP1 and payload.startswith(EXIF):
            orientation = orientation_of(payload[len(EXIF) :])
        has_more = has_more or (segment.marker == APP2 and payload.startswith(MPF))
        if _is_private(segment.marker, payload):
            parts.append(source[at:start])
            at = segment.end
    if has_more:
        from leanpix_engine.formats.jpeg import gain_map  # noqa: PLC0415 - it reads headers too

        return gain_map.without_metadata(source, kept)
    if not parts:
        return source
    clean = source[:2] + b"".join(parts) + source[at:]
    tiff = kept.tiff(orientation)
    payloads = [EXIF + tiff] if tiff else []
    payloads += [XMP + kept.xmp] if kept.xmp else []
    described = b"".join(
        bytes((0xFF, APP1)) + (len(payload) + 2).to_bytes(2, "big") + payload
        for payload in payloads
        if len(payload) <= MAX_PAYLOAD
    )
    head = after_jfif(clean)
    return clean[:head] + described + clean[head:]


def _is_private(marker: int, payload: bytes) -> bool:
    """Return whether a segment is metadata that a viewer does not need."""
    if marker == COM:
        return not payload.startswith(b"lpx1")
    if marker == APP0:
        return payload.startswith(b"JFXX")
    if marker == APP1 and payload.startswith(EXIF):
        return len(payload) > len(EXIF + minimal(1))
    if marker == APP2:
        return not payload.startswith((ICC, MPF))
    return APP1 <= marker <= _APP15 and marker != APP14
