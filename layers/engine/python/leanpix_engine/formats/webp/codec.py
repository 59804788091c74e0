"""Decode WebP; encode it lossy by our encoder or libwebp, lossless, and in fewer colours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from leanpix_engine import native
from leanpix_engine.formats.codec import Task, effort_within
from leanpix_engine.formats.history.loss import SPENT
from leanpix_engine.formats.history.pixels import has_few_colours, score_of_pixels
from leanpix_engine.formats.png.palette import MergedPalette, count_at
from leanpix_engine.formats.webp import lossy as own
from leanpix_engine.formats.webp.quantizer import read_quantizer
from leanpix_engine.limits import Limits
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder, unless_found
from leanpix_engine.search.targets import interpolated
from leanpix_engine.search.two_stage import TwoStageLadder

_MAX_SIDE = 16_383
_QUALITY_FOR = (
    (50.0, 30.0),
    (61.0, 55.0),
    (68.0, 70.0),
    (75.0, 80.0),
    (79.0, 84.0),
    (85.0, 90.0),
    (90.0, 95.0),
)
"""The usual quality of lossy WebP for a score, on photos."""
_SCORE_AT_QUANTIZER = (
    (0.0, 90.0),
    (1.2, 89.1),
    (4.6, 87.5),
    (9.8, 83.5),
    (15.8, 78.9),
    (22.0, 73.9),
    (29.2, 68.8),
    (34.3, 64.9),
    (43.0, 58.5),
    (127.0, 0.0),
)
"""The usual score of libwebp's files by their mean quantizer index, on 13 photos; standard
deviations are 1.6 up to index 5, 2.7 at 16, 4.2 at 22 (`python -m benchmarks.history`)."""
_SCORE_PER_QUALITY = 0.95
_QUICK_EFFORT = 3
_LEAST_LOSSY_SECONDS = 0.35
"""Per megapixel; what cannot be searched in time is left to lossless coding."""
_QUICK_SECONDS = {_QUICK_EFFORT: 0.5, 0: 0.1}
"""Per megapixel, of two quick encodes with what scoring them takes."""
_QUICK_AGAINST_FINAL = -0.4
"""Of graphics, or where only the final encode has sharp chroma: the quick one scores that much
lower at the same quality, +-0.65. Of photos with the same chroma in both, 0.0 +-0.3."""
_SATURATED_ABOVE, _SATURATED_SHARE = 100, 0.07
"""Difference of red and green, and the share of pixels beyond it, from which a photo is smaller
with sharp chroma: by 1.8 to 3.6 %. Below it is larger by 0.4 %, and takes 0.1 s/MP more."""
_REACH = 5
_TOO_GOOD = 2.0
"""Some 6 % of the bytes: below it another encode, which is half of the time, does not pay."""
_LOSSY_SECONDS = {6: 1.0, 4: 0.4, 2: 0.2}
"""Per megapixel, of two encodes at an effort. At equal score effort 6 saves 2.6 % of the bytes
against 5, and that 1.8 % against 4."""
_BUSY_BITS_PER_PIXEL = 1.35
"""At a score of 77: above it (fine texture all over) the preset "default" is up to 6 % smaller
than "picture", below it up to 15 % larger. Bytes fall by e for 30 points of score."""
_MOST_EFFORT_WITH_ALPHA = 5
"""At 6, alpha takes 20 s/MP for 2 % of its bytes."""
_HOPELESS = 1.1
"""A quick lossy file this many times as large as the palette's is not made for good: effort 6
brings it down by 8 %, and another 2 % are not worth an encode."""
_NEAR = 1.15
"""Of graphics, our lossy file and libwebp's differ by up to a fifth, either way; above it the
palette's stays ahead of both."""
_FIRST_LOOK_EFFORT, _HOPELESS_AT_SIGHT = 1, 1.35
"""For 0.03 to 0.1 s/MP instead of 0.2 to 0.45. Where lossy was smaller in the end the first look
was at most 1.3 times the palette's file, elsewhere at least 1.39 times."""
_GRAPHICS_START_LOWER, _GRAPHICS_SLOPE = 12, 0.6
"""Against photos: smooth areas score 84 to 88 where a photo scores 77."""
_LARGE_MEGAPIXELS = 1.0
_LARGE_REACH, _LARGE_TOO_GOOD, _LARGE_QUICK_ENCODES = 15, 4.0, 2
"""From there on a picture with alpha takes 0.4 s/MP for each encode and its scores; three quick
and two final ones were 5 % smaller than one of each."""
_LOSSLESS_SECONDS = {4: 1.4, 1: 0.45, 0: 0.06}
"""Per megapixel, of one encode at an effort. Effort 4 saves 5 % against 1, and that 10 to 50 %
against 0; 5 and 6 take four times as long for 2 %, and are larger on some."""
_ANIMATED_SECONDS = {3: 1.4, 1: 0.45, 0: 0.06}
_HOPELESS_LOSSLESS = 3.5
"""Lossless at effort 0, in 0.05 s/MP, against the smallest lossy file; effort 4 takes 0.3 s/MP
and leaves 0.24 to 0.95 of it."""
_PALETTE_EFFORT, _MOST_THOROUGH = 4, 100
"""On few colours 2 % smaller than effort 5 at libvips' default thoroughness, in a third of the
time."""
_FLAT_SHARE = 0.2
"""Of pixels equal to their left neighbour, from which a picture counts as graphics."""
_MAX_ANIMATED_MEGAPIXELS = 12.0
"""Frames together; above it lossy coding takes minutes, and lossless does not."""
_NEAR_LOSSLESS_STEP = 20


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Decode all frames of a WebP."""
    return decode_by_vips(source, "webpload_buffer", n=-1, scale=1 / shrink)


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield lossless WebP where it can be the smallest: of lossless sources, or of graphics."""
    picture = task.picture
    if not _fits(picture) or picture.deep:
        return
    worthless = not is_flat(picture) or not task.facts.lossless
    if task.smallest is not None and worthless and picture.count == 1:
        return
    if task.smallest is not None and picture.count == 1:
        first_look = _save(picture.to_vips(), picture, lossless=True, effort=0)
        if len(first_look) > _HOPELESS_LOSSLESS * task.smallest:
            return
    most = _LOSSLESS_SECONDS if picture.count == 1 else _ANIMATED_SECONDS
    effort = effort_within(most, picture.megapixels, task.deadline.left() / 2)
    data = _save(picture.to_vips(), picture, lossless=True, effort=effort)
    yield Candidate(data=data, how="lossless")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield for graphics a palette; lossy WebP; where neither reaches the goal, near-lossless."""
    if not _fits(task.picture):
        return
    picture = replace(task.picture, frames=task.picture.rgb8(), mode=Mode.RGB)
    if picture.opaque():
        picture = picture.without_alpha()
    if picture.count > 1:
        if picture.megapixels <= _MAX_ANIMATED_MEGAPIXELS and not is_flat(picture):
            yield _animated(picture, goal)
        return
    seconds = task.deadline.left()
    if picture.megapixels * _LEAST_LOSSY_SECONDS > seconds:
        return
    saturated = is_flat(picture) or _is_saturated(picture)
    if not (is_flat(picture) and task.facts.lossless) or picture.megapixels > seconds:
        if native.available():
            yield own.ladder(picture, goal, task.deadline, saturated=saturated)
        yield replace(_lossy(picture, goal, seconds), worth=unless_found)
        return  # what a lossy file left is no flat area any more; a palette takes 0.5 s/MP
    yield from _graphics(task, picture, goal, seconds)


def _graphics(task: Task, picture: Picture, goal: float, seconds: float) -> Iterator[Ladder]:
    """Yield a palette, and lossy coding by both encoders where they come near its bytes."""
    smallest = [math.inf]
    yield _palette(picture)
    lossy = _of_graphics(_lossy(picture, goal, seconds), picture)

    def worth(found: Sequence[Candidate]) -> bool:
        smallest[:] = [min((len(one.data) for one in found), default=math.inf)]
        return not found or _first_look(picture, lossy.start) <= _HOPELESS_AT_SIGHT * smallest[0]

    def is_near(found: Sequence[Candidate]) -> bool:
        smallest[:] = [min((len(one.data) for one in found), default=math.inf)]
        ours = min((len(one.data) for one in found if one.how == own.HOW), default=math.inf)
        return not found or ours <= _NEAR * smallest[0]

    if native.available():
        ours = own.ladder(picture, goal, task.deadline, saturated=True)
        start = max(ours.low, ours.start - _GRAPHICS_START_LOWER)
        yield replace(ours, start=start, worth=worth)
    again = is_near if native.available() else worth
    yield replace(lossy, worth=again, hopeless_above=lambda: _HOPELESS * smallest[0])
    yield _near_lossless(picture)


def _of_graphics(lossy: TwoStageLadder, picture: Picture) -> TwoStageLadder:
    """Start lower and with a flatter slope; a large picture gets about one encode of each."""
    start = max(1, lossy.start - _GRAPHICS_START_LOWER)
    lower = replace(lossy, start=start, slope=_GRAPHICS_SLOPE)
    if picture.megapixels < _LARGE_MEGAPIXELS:
        return lower
    return replace(
        lower, reach=_LARGE_REACH, too_good=_LARGE_TOO_GOOD, max_encodes=_LARGE_QUICK_ENCODES
    )


def _first_look(picture: Picture, quality: float) -> int:
    """Return the bytes of lossy coding, roughly and at once."""
    return len(_save(picture.to_vips(), picture, Q=int(quality), effort=_FIRST_LOOK_EFFORT))


def is_flat(picture: Picture) -> bool:
    """Return True for graphics: exactly equal neighbours are rare where there is noise."""
    rows = picture.pixels[::4]
    equal = (rows[:, 1:] == rows[:, :-1]).all(axis=-1)
    if picture.alpha:
        equal |= (rows[:, 1:, -1] == 0) & (rows[:, :-1, -1] == 0)
    return bool(equal.size) and float(equal.mean()) >= _FLAT_SHARE


def _is_saturated(picture: Picture) -> bool:
    """Return True for a photo with much strong red, or green, whose halved chroma is seen."""
    red, green = (picture.pixels[::4, ::2, channel].astype(np.int16) for channel in (0, 1))
    return float((np.abs(red - green) > _SATURATED_ABOVE).mean()) >= _SATURATED_SHARE


def _fits(picture: Picture) -> bool:
    return max(picture.width, picture.height) <= _MAX_SIDE


def _save(image: Any, picture: Picture, **settings: Any) -> bytes:
    kept = "exif|xmp|icc" if picture.exif or picture.xmp else "icc"
    return bytes(image.webpsave_buffer(keep=kept, **settings))


def _lossy(picture: Picture, goal: float, seconds: float) -> TwoStageLadder:
    image = picture.to_vips()
    quick_effort = effort_within(_QUICK_SECONDS, picture.megapixels, seconds / 2)
    # Thin saturated lines are lost without; on most photos it only takes time.
    flat = is_flat(picture)
    smart = flat or _is_saturated(picture)
    sharp = smart and quick_effort == _QUICK_EFFORT

    def encode(quality: float, effort: int, preset: str, *, smart: bool) -> bytes:
        return _save(
            image, picture, Q=int(quality), effort=effort, preset=preset, smart_subsample=smart
        )

    effort = effort_within(_LOSSY_SECONDS, picture.megapixels, seconds / 2)
    if picture.alpha:
        effort = min(effort, _MOST_EFFORT_WITH_ALPHA)
    busy_bytes = _BUSY_BITS_PER_PIXEL * math.exp((goal - 77) / 30) * picture.megapixels * 125_000

    def final(quick: bytes, quality: float) -> bytes:
        preset = "default" if len(quick) > busy_bytes else "picture"
        return encode(quality, effort, preset, smart=smart)

    return TwoStageLadder(
        how="lossy",
        encode=lambda quality: encode(quality, quick_effort, "picture", smart=sharp),
        finish=final,
        margin=_QUICK_AGAINST_FINAL if flat or sharp != smart else 0.0,
        qualities=range(1, 101),
        low=1,
        high=100,
        start=interpolated(_QUALITY_FOR, goal),
        slope=_SCORE_PER_QUALITY,
        reach=_REACH,
        too_good=_TOO_GOOD,
        max_encodes=3,
    )


def _animated(picture: Picture, goal: float) -> Ladder:
    """Encode lossy frames, or lossless ones where libwebp finds them smaller."""
    image = picture.to_vips()
    return Ladder(
        how="lossy animation",
        encode=lambda quality: _save(
            image, picture, Q=int(quality), effort=3, mixed=True, smart_subsample=True
        ),
        low=1,
        high=100,
        start=interpolated(_QUALITY_FOR, goal),
        slope=_SCORE_PER_QUALITY,
        max_encodes=3,
        tolerance=1.0,
    )


def _palette(picture: Picture) -> Ladder:
    """Take the fewest colours that reach the goal; the quality is 10 log2 of their number."""

    @cache
    def palette() -> MergedPalette:
        return MergedPalette(picture)

    def reduced(quality: float) -> Picture:
        pixels = palette().pixels(count_at(quality))
        few = replace(picture, frames=np.ascontiguousarray(pixels[None]), alpha=True)
        return few if picture.alpha else few.without_alpha()

    def encode(quality: float) -> bytes:
        few = reduced(quality).to_vips()
        return _save(few, picture, lossless=True, effort=_PALETTE_EFFORT, Q=_MOST_THOROUGH)

    return Ladder(
        how="palette",
        encode=encode,
        preview=reduced,
        low=10,
        high=80,
        start=52,
        slope=1.3,
        max_encodes=4,
        tolerance=0.8,
    )


def _near_lossless(picture: Picture) -> Ladder:
    """Code a picture without loss after its low bits were calmed, for what needs many colours."""
    image = picture.to_vips()

    def encode(quality: float) -> bytes:
        return _save(image, picture, lossless=True, near_lossless=True, Q=int(quality), effort=3)

    return Ladder(
        how="near-lossless",
        encode=encode,
        low=0,
        high=80,
        start=20,
        slope=0.3,
        step=_NEAR_LOSSLESS_STEP,
        max_encodes=2,
        worth=unless_found,
    )


def source_score(source: bytes, picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of a WebP against its original; see `formats/codec.py`."""
    quantizer = read_quantizer(source)
    if quantizer is not None:
        return interpolated(_SCORE_AT_QUANTIZER, quantizer)
    return SPENT if has_few_colours(picture) else score_of_pixels(picture)
