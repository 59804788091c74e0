"""Decode JPEG, and encode it: by our own encoder, or without loss in better scans.

It needs fewer bytes at equal quality than jpegli or mozjpeg (docs/decisions/0034) and shows what a
quality will look like before any file is made. Sharp saturated edges, as in screenshots, cannot be
had with halved chroma at any quality: they get 4:4:4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from leanpix_engine import native
from leanpix_engine.formats import child
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.jpeg import gain_map
from leanpix_engine.formats.jpeg.encoder import Encoder, Pixels
from leanpix_engine.formats.jpeg.file import with_metadata
from leanpix_engine.formats.jpeg.loss import source_score
from leanpix_engine.limits import Limits
from leanpix_engine.metric.sampling import SAMPLED_ABOVE_PIXELS, Sample
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.exif import Kept
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.targets import interpolated

__all__ = ["decode", "ladders", "lossless", "source_score"]

_LOSSLESS_GAIN_AT_BEST = 0.75
"""Lossless repacking seldom leaves less than this share of the source."""
_SUSPECT_ABOVE_START = 4
"""A search at 4:2:0 that ends this far above the usual quality fights lost chroma, not noise."""
_STEP = 0.25
_LARGE_TOLERANCE, _LARGE_ENCODES = 0.6, 2
"""For a sampled image another encode costs more than the 1 % of bytes that it may save."""

# (score, quality that reaches it on average), by `python -m benchmarks.quality_curve`.
_START = (
    (30.8, 25.0),
    (47.5, 40.0),
    (54.9, 50.0),
    (64.6, 65.0),
    (72.1, 75.0),
    (76.6, 80.0),
    (81.7, 85.0),
    (87.9, 90.0),
    (91.7, 94.0),
    (94.0, 98.0),
)
# (score, change of score per step of quality around it).
_SLOPE = ((20.0, 2.0), (50.0, 0.7), (65.0, 0.7), (77.0, 0.95), (85.0, 1.2), (92.0, 0.8))
# The same for mozjpeg, where CMYK is kept or the C is not compiled.
_MOZJPEG_TABLE = 3
_MOZJPEG_START = (
    (25.9, 20.0),
    (44.2, 30.0),
    (60.6, 50.0),
    (71.0, 70.0),
    (76.9, 80.0),
    (87.1, 90.0),
    (93.2, 96.0),
)
_MOZJPEG_SLOPE = ((20.0, 2.0), (50.0, 0.6), (65.0, 0.6), (75.0, 0.7), (85.0, 1.2), (92.0, 0.8))


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Decode all pixels of a JPEG."""
    return decode_by_vips(source, "jpegload_buffer", shrink=shrink)


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the source with better entropy coding; there is no other lossless JPEG.

    A user's file goes through mozjpeg in a child process: the library may call `exit` on damage.
    What it made is there written again in our scans (`rewrite.py`), where those are smaller.
    """
    if task.source is None:
        return
    if task.smallest is not None and task.smallest < _LOSSLESS_GAIN_AT_BEST * len(task.source):
        return
    index = gain_map.index_of(task.source) if task.facts.gain_map else None
    if task.facts.gain_map and index is None:
        return
    primary = gain_map.primary_of(task.source, index) if index else task.source
    try:
        data = child.call("mozjpeg_lossless", primary, task.limits, task.deadline)
    except child.CodecFailed:
        return
    if index:
        kept = Kept(exif=task.picture.exif, xmp=task.picture.xmp)
        data = gain_map.joined(task.source, index, data, kept)
    else:
        data = with_metadata(data, task.picture)
    yield Candidate(data=data, how="mozjpeg lossless")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield our own encoder at 4:2:0 and, where chroma suffers, at 4:4:4; mozjpeg for CMYK."""
    picture = task.picture.without_alpha()
    if picture.count > 1:
        return
    if picture.mode is Mode.RGB and _is_gray(picture):
        picture = replace(picture, frames=picture.frames[..., :1], mode=Mode.GRAY, icc=None)
    if picture.mode is Mode.CMYK or not native.available():
        make = partial(_mozjpeg, picture, goal)
    else:
        make = partial(_own, task, picture, goal)
    yield make(halved=True)
    if picture.mode is Mode.RGB:
        suspect = interpolated(_START, goal) + _SUSPECT_ABOVE_START
        yield replace(make(halved=False), worth=partial(_chroma_suffers, suspect))


def _is_gray(picture: Picture) -> bool:
    """Return True where the colour channels are equal and no profile might tint them."""
    red, green, blue = (picture.frames[..., channel] for channel in range(3))
    return picture.icc is None and bool((red == green).all() and (green == blue).all())


def _chroma_suffers(suspect: float, found: Sequence[Candidate]) -> bool:
    return all((candidate.quality or 0) > suspect for candidate in found)


def _own(task: Task, picture: Picture, goal: float, *, halved: bool) -> Ladder:
    """Return our encoder's ladder; for a large image, started where a sample reaches the goal."""
    pixels = picture.rgb8()[0]
    if picture.mode is Mode.GRAY:
        pixels = pixels[..., :1]
    encoder = Encoder(pixels, halved=halved)
    ladder = Ladder(
        how=f"our encoder at {'4:2:0' if halved else '4:4:4'}",
        encode=encoder.encode,
        preview=lambda quality: replace(picture, frames=encoder.preview(quality)[np.newaxis]),
        finish=lambda data, _: with_metadata(data, picture),
        low=5,
        high=100,
        step=_STEP,
        start=interpolated(_START, goal),
        slope=interpolated(_SLOPE, goal),
    )
    sample = _sample_of(pixels) if halved else None
    return ladder if sample is None else _started_by_sample(ladder, encoder, sample, goal, task)


def _sample_of(pixels: Pixels) -> Sample | None:
    """Return a sample of a large colour image; None for one that is taken whole."""
    height, width, channels = pixels.shape
    if height * width <= SAMPLED_ABOVE_PIXELS or channels == 1:
        return None
    return Sample.chosen(pixels)


def _started_by_sample(
    ladder: Ladder, encoder: Encoder, sample: Sample, goal: float, task: Task
) -> Ladder:
    """Return the ladder, started where a mosaic of the picture's tiles reaches the goal."""
    mosaic = sample.mosaic(encoder.pixels)
    small = Encoder(mosaic, halved=encoder.halved)
    reference = Reference(mosaic)

    def preview(quality: float) -> Picture:
        return Picture(frames=small.preview(quality)[np.newaxis], mode=Mode.RGB)

    def score(made: bytes | Picture) -> float:
        return reference.score(made.pixels) if isinstance(made, Picture) else -math.inf

    start, slope = replace(ladder, preview=preview).locate(goal, score, task.deadline)
    encoder.learn_from(small)
    return replace(
        ladder, start=start, slope=slope, tolerance=_LARGE_TOLERANCE, max_encodes=_LARGE_ENCODES
    )


def _mozjpeg(picture: Picture, goal: float, *, halved: bool) -> Ladder:
    """Return mozjpeg's ladder, through libvips: trellis, deringing, optimized scans."""
    image = picture.to_vips()
    mode = "auto" if halved else "off"
    save = partial(
        image.jpegsave_buffer,
        keep="none",
        subsample_mode=mode,
        quant_table=_MOZJPEG_TABLE,
        trellis_quant=True,
        overshoot_deringing=True,
        optimize_coding=True,
        optimize_scans=True,
        interlace=True,
    )
    return Ladder(
        how=f"mozjpeg, subsampling {mode}",
        encode=lambda quality: bytes(save(Q=int(quality))),
        finish=lambda data, _: with_metadata(data, picture),
        low=5,
        high=100,
        start=interpolated(_MOZJPEG_START, goal),
        slope=interpolated(_MOZJPEG_SLOPE, goal),
    )
