"""JPEG: jpegli and mozjpeg, steered by the metric, then mozjpeg's lossless scans."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyjpegli
from mozjpeg_lossless_optimization import COPY_MARKERS
from mozjpeg_lossless_optimization import optimize as mozjpeg_lossless

from leanpix_engine import child
from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.headers import exif as exif_header
from leanpix_engine.headers import jpeg as jpeg_header
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Mode, Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """All pixels of a JPEG."""
    return decode_by_vips(source, Format.JPEG)


def lossless(task: Task) -> Iterator[Candidate]:
    """The source with better entropy coding; there is no other lossless JPEG."""
    if task.source is None:
        return
    try:
        data = child.call("mozjpeg_lossless", task.source, task.limits, task.deadline, "NONE")
    except child.CodecFailed:
        return
    yield Candidate(data=_with_metadata(data, task.picture), how="mozjpeg lossless")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """jpegli for colour, mozjpeg for gray."""
    picture = task.picture
    if picture.mode is Mode.RGB:
        pixels = np.ascontiguousarray(picture.without_alpha().rgb8()[0])
        yield Ladder(
            how="jpegli",
            encode=lambda quality: pyjpegli.encode(pixels, picture.width, picture.height, int(quality)),
            finish=lambda data, _: _with_metadata(mozjpeg_lossless(data, copy=COPY_MARKERS.NONE), picture),
            low=10,
            high=98,
            start=80,
            slope=0.6,
        )
        return
    image = picture.to_vips()
    yield Ladder(
        how="mozjpeg",
        encode=lambda quality: image.jpegsave_buffer(
            Q=int(quality), keep=0, trellis_quant=True, overshoot_deringing=True, optimize_scans=True,
            interlace=True, optimize_coding=True, quant_table=3,
        ),
        finish=lambda data, _: _with_metadata(data, picture),
        low=10,
        high=98,
        start=75,
        slope=0.6,
    )


def _with_metadata(data: bytes, picture: Picture) -> bytes:
    """A JPEG without metadata, with the picture's spliced in behind the start of image and JFIF."""
    parts: list[bytes] = []
    exif = picture.exif
    if not exif and picture.orientation > 1:
        exif = jpeg_header.EXIF + exif_header.minimal(picture.orientation)
    if exif:
        parts.append(_segment(jpeg_header.APP1, exif))
    if picture.xmp:
        parts.append(_segment(jpeg_header.APP1, jpeg_header.XMP + picture.xmp))
    if picture.icc:
        parts += _icc_segments(picture.icc)
    at = 2
    if data[2:4] == b"\xff\xe0":
        at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + b"".join(parts) + data[at:]


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _icc_segments(profile: bytes) -> list[bytes]:
    """A profile in APP2 segments (ICC.1 annex B.4: numbered from 1, at most 65,519 bytes each)."""
    pieces = [profile[at : at + 65_519] for at in range(0, len(profile), 65_519)]
    return [
        _segment(jpeg_header.APP2, jpeg_header.ICC + bytes((number, len(pieces))) + piece)
        for number, piece in enumerate(pieces, 1)
    ]
