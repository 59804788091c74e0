"""WebP by libwebp: lossy, lossless, and for graphics lossless with fewer colours."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.formats.palette import MergedPalette
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Mode, Picture
from leanpix_engine.search import Candidate, Ladder

_MAX_SIDE = 16_383
_QUALITY_AT_77, _SCORE_PER_QUALITY = 82, 1.08
"""Of lossy WebP on photos: what reaches 77, and what a step of quality changes there."""
_QUICK_AGAINST_FINAL = -1.2
"""Effort 2 without sharp chroma scores that much lower at the same quality, +-0.6."""
_BUSY_BITS_PER_PIXEL = 1.5
"""At a score of 77: above it (fine texture all over) the preset "default" is up to 6 % smaller
than "picture", below it up to 4 % larger. Bytes fall by e for 30 points of score."""
_FLAT_SHARE = 0.2
"""Of pixels equal to their left neighbour, from which a picture counts as graphics."""
_MAX_ANIMATED_MEGAPIXELS = 12.0
"""Frames together; above it lossy coding takes minutes, and lossless does not."""
_NEAR_LOSSLESS_STEP = 20


def decode(source: bytes, limits: Limits) -> Picture:
    """All frames of a WebP."""
    del limits
    return decode_by_vips(source, Format.WEBP)


def lossless(task: Task) -> Iterator[Candidate]:
    """Lossless WebP, where it can be the smallest: of what was lossless before, or of graphics."""
    picture = task.picture
    if not _fits(picture) or picture.deep:
        return
    worthless = not is_flat(picture) or not task.facts.lossless
    if task.smallest is not None and worthless and picture.count == 1:
        return
    effort = 3 if picture.count > 1 else 4
    data = _save(picture.to_vips(), picture, lossless=True, effort=effort)
    yield Candidate(data=data, how="lossless")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Lossy WebP, then for graphics a palette, then near-lossless."""
    if not _fits(task.picture):
        return
    picture = replace(task.picture, frames=task.picture.rgb8(), mode=Mode.RGB)
    if picture.opaque():
        picture = picture.without_alpha()
    if picture.count > 1:
        if picture.megapixels <= _MAX_ANIMATED_MEGAPIXELS and not is_flat(picture):
            yield _animated(picture, goal)
        return
    yield _lossy(picture, goal)
    if is_flat(picture):
        yield _palette(picture)
        yield _near_lossless(picture)


def is_flat(picture: Picture) -> bool:
    """Tell graphics from photos: exactly equal neighbours are rare where there is noise."""
    rows = picture.pixels[::4]
    equal = (rows[:, 1:] == rows[:, :-1]).all(axis=-1)
    if picture.alpha:
        equal |= (rows[:, 1:, -1] == 0) & (rows[:, :-1, -1] == 0)
    return bool(equal.size) and float(equal.mean()) >= _FLAT_SHARE


def _fits(picture: Picture) -> bool:
    return max(picture.width, picture.height) <= _MAX_SIDE


def _save(image: Any, picture: Picture, **settings: Any) -> bytes:
    kept = "exif|xmp|icc" if picture.exif or picture.xmp else "icc"
    return bytes(image.webpsave_buffer(keep=kept, **settings))


def _lossy(picture: Picture, goal: float) -> Ladder:
    image = picture.to_vips()
    sharp = is_flat(picture)  # thin saturated lines are lost without; on photos it only takes time

    def quick(quality: float) -> bytes:
        return _save(
            image, picture, Q=int(quality), effort=2, preset="picture", smart_subsample=sharp
        )

    effort = 5 if picture.alpha else 6  # at 6, alpha takes 20 s/MP for 2 % of its bytes
    busy_bytes = _BUSY_BITS_PER_PIXEL * math.exp((goal - 77) / 30) * picture.megapixels * 125_000

    def final(data: bytes, quality: float) -> bytes:
        preset = "default" if len(data) > busy_bytes else "picture"
        return _save(
            image, picture, Q=int(quality), effort=effort, preset=preset, smart_subsample=True
        )

    return Ladder(
        how="lossy",
        encode=quick,
        finish=final,
        refines=True,
        margin=0.0 if sharp else _QUICK_AGAINST_FINAL,
        low=1,
        high=100,
        start=_QUALITY_AT_77 + (goal - 77) / _SCORE_PER_QUALITY,
        slope=_SCORE_PER_QUALITY,
        max_encodes=2,
        tolerance=0.8,
    )


def _animated(picture: Picture, goal: float) -> Ladder:
    """Lossy frames, or lossless ones where libwebp finds them smaller."""
    image = picture.to_vips()
    return Ladder(
        how="lossy animation",
        encode=lambda quality: _save(
            image, picture, Q=int(quality), effort=3, mixed=True, smart_subsample=True
        ),
        low=1,
        high=100,
        start=_QUALITY_AT_77 + (goal - 77) / _SCORE_PER_QUALITY,
        slope=_SCORE_PER_QUALITY,
        max_encodes=3,
        tolerance=1.0,
    )


def _palette(picture: Picture) -> Ladder:
    """The fewest colours that reach the goal; the quality is 10 log2 of their number."""
    made: list[MergedPalette] = []

    def reduced(quality: float, effort: int) -> bytes:
        if not made:
            made.append(MergedPalette(picture.to_vips()))
        pixels = made[0].pixels(round(2 ** (quality / 10)))
        few = replace(picture, frames=np.ascontiguousarray(pixels[None]), alpha=True)
        if not picture.alpha:
            few = few.without_alpha()
        return _save(few.to_vips(), picture, lossless=True, effort=effort)

    return Ladder(
        how="palette",
        encode=lambda quality: reduced(quality, 0),
        finish=lambda _data, quality: reduced(quality, 5),
        low=10,
        high=80,
        start=52,
        slope=1.3,
        max_encodes=4,
        tolerance=0.8,
    )


def _near_lossless(picture: Picture) -> Ladder:
    """Lossless coding of a picture whose low bits were calmed, for what needs many colours."""
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
        worth=_no_palette,
    )


def _no_palette(found: Sequence[Candidate]) -> bool:
    return all(candidate.how != "palette" for candidate in found)
