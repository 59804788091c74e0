"""JPEG: jpegli and mozjpeg, steered by the metric, then mozjpeg's lossless scans.

What was measured (ENGINE.md): jpegli with mozjpeg's progressive scans needs the fewest bytes at
equal quality for nearly every photo, at 4:2:0. Sharp saturated edges, as in screenshots, cannot be
had with halved chroma at any quality; mozjpeg's trellis at 4:4:4 can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pyjpegli
from mozjpeg_lossless_optimization import COPY_MARKERS
from mozjpeg_lossless_optimization import optimize as mozjpeg_lossless

from leanpix_engine import child
from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task, gain_map
from leanpix_engine.headers import exif as exif_header
from leanpix_engine.headers import jpeg as jpeg_header
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Mode, Picture
from leanpix_engine.search import Candidate, Ladder
from leanpix_engine.targets import TOLERANCE, interpolated

_LOSSLESS_GAIN_AT_BEST = 0.75
"""Lossless repacking seldom leaves less than this share of the source."""
_SUSPECT_QUALITY = 90
"""A search that ends above this at 4:2:0 is fighting lost chroma, not noise."""
_LARGE_MEGAPIXELS, _LARGE_TOLERANCE = 4.0, 0.6
"""From this size on another encode costs more than the 1 % of bytes that it may save."""

# (score, quality that reaches it on average): `python -m benchmarks.quality_curve`, turned around.
_JPEGLI_START = (
    (29.7, 15.0),
    (47.0, 25.0),
    (58.6, 50.0),
    (66.5, 65.0),
    (75.2, 80.0),
    (85.6, 90.0),
    (92.5, 96.0),
)
_MOZJPEG_START = (
    (25.9, 20.0),
    (44.2, 30.0),
    (60.6, 50.0),
    (71.0, 70.0),
    (76.9, 80.0),
    (87.1, 90.0),
    (93.2, 96.0),
)
# (score, change of score per step of quality around it).
_SLOPE = ((20.0, 2.0), (50.0, 0.6), (65.0, 0.6), (75.0, 0.7), (85.0, 1.2), (92.0, 0.8))


def decode(source: bytes, limits: Limits) -> Picture:
    """All pixels of a JPEG."""
    return decode_by_vips(source, Format.JPEG)


def lossless(task: Task) -> Iterator[Candidate]:
    """The source with better entropy coding; there is no other lossless JPEG.

    A user's file goes through mozjpeg in a child process: the library may call `exit` on damage.
    """
    if task.source is None:
        return
    if task.smallest is not None and task.smallest < _LOSSLESS_GAIN_AT_BEST * len(task.source):
        return
    index = gain_map.index_of(task.source) if task.facts.gain_map else None
    if task.facts.gain_map and index is None:
        return
    primary = gain_map.primary_of(task.source, index) if index else task.source
    keep = COPY_MARKERS.NONE.name
    try:
        data = child.call("mozjpeg_lossless", primary, task.limits, task.deadline, keep)
    except child.CodecFailed:
        return
    if index:
        data = gain_map.joined(task.source, index, data, keep_exif=task.options.keep_exif)
    else:
        data = _with_metadata(data, task.picture)
    yield Candidate(data=data, how="mozjpeg lossless")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Colour by jpegli or, where chroma suffers, mozjpeg at 4:4:4; the rest by mozjpeg."""
    picture = task.picture.without_alpha()
    if picture.mode is Mode.RGB and _is_gray(picture):
        picture = replace(picture, frames=picture.frames[..., :1], mode=Mode.GRAY, icc=None)
    if picture.mode is not Mode.RGB:
        yield _mozjpeg(picture, goal, subsample_mode="auto", quant_table=3)
        return
    pixels = np.ascontiguousarray(picture.rgb8()[0])
    large = picture.megapixels >= _LARGE_MEGAPIXELS
    yield Ladder(
        how="jpegli",
        encode=lambda quality: pyjpegli.encode(
            pixels, picture.width, picture.height, int(quality)
        ),
        finish=lambda data, _: _with_metadata(
            mozjpeg_lossless(data, copy=COPY_MARKERS.NONE), picture
        ),
        low=5,
        high=100,
        start=interpolated(_JPEGLI_START, goal),
        slope=interpolated(_SLOPE, goal),
        tolerance=_LARGE_TOLERANCE if large else TOLERANCE,
        max_encodes=3 if large else 4,
    )
    full_chroma = _mozjpeg(picture, goal, subsample_mode="off", quant_table=2)
    yield replace(full_chroma, worth=_chroma_suffers)


def _is_gray(picture: Picture) -> bool:
    """True where colour channels are equal, so that one says it all; a profile might tint them."""
    red, green, blue = (picture.frames[..., channel] for channel in range(3))
    return picture.icc is None and bool((red == green).all() and (green == blue).all())


def _chroma_suffers(found: Sequence[Candidate]) -> bool:
    return all((candidate.quality or 0) > _SUSPECT_QUALITY for candidate in found)


def _mozjpeg(picture: Picture, goal: float, *, subsample_mode: str, quant_table: int) -> Ladder:
    """Trellis quantization, deringing and optimized progressive scans, through libvips."""
    image = picture.to_vips()
    save = partial(
        image.jpegsave_buffer,
        keep="none",
        subsample_mode=subsample_mode,
        quant_table=quant_table,
        trellis_quant=True,
        overshoot_deringing=True,
        optimize_coding=True,
        optimize_scans=True,
        interlace=True,
    )
    return Ladder(
        how=f"mozjpeg, table {quant_table}, subsampling {subsample_mode}",
        encode=lambda quality: bytes(save(Q=int(quality))),
        finish=lambda data, _: _with_metadata(data, picture),
        low=5,
        high=100,
        start=interpolated(_MOZJPEG_START, goal),
        slope=interpolated(_SLOPE, goal),
    )


def _with_metadata(data: bytes, picture: Picture) -> bytes:
    """A JPEG without metadata, with the picture's spliced in behind JFIF's segment."""
    parts: list[bytes] = []
    exif = picture.exif
    if not exif and picture.orientation > 1:
        exif = jpeg_header.EXIF + exif_header.minimal(picture.orientation)
    if exif:
        parts += _segment(
            jpeg_header.APP1,
            exif if exif.startswith(jpeg_header.EXIF) else jpeg_header.EXIF + exif,
        )
    if picture.xmp:
        parts += _segment(jpeg_header.APP1, jpeg_header.XMP + picture.xmp)
    if picture.icc:
        parts += _icc_segments(picture.icc)
    at = jpeg_header.after_jfif(data)
    return data[:at] + b"".join(parts) + data[at:]


_MAX_PAYLOAD = 65_533
"""A segment's length is 16 bits and counts itself."""
_MAX_ICC_PIECE = _MAX_PAYLOAD - len(jpeg_header.ICC) - 2


def _segment(marker: int, payload: bytes) -> list[bytes]:
    """One marker segment; none for a payload that does not fit."""
    if len(payload) > _MAX_PAYLOAD:
        return []
    return [bytes((0xFF, marker)), (len(payload) + 2).to_bytes(2, "big"), payload]


def _icc_segments(profile: bytes) -> list[bytes]:
    """A profile in numbered APP2 segments (ICC.1 annex B.4)."""
    pieces = [profile[at : at + _MAX_ICC_PIECE] for at in range(0, len(profile), _MAX_ICC_PIECE)]
    return [
        part
        for number, piece in enumerate(pieces, 1)
        for part in _segment(
            jpeg_header.APP2, jpeg_header.ICC + bytes((number, len(pieces))) + piece
        )
    ]
