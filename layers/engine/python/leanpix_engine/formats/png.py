"""PNG: palette by libimagequant where it holds the goal, oxipng for the rest."""

from __future__ import annotations

from collections.abc import Iterator

import oxipng

from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """All pixels of a PNG."""
    return decode_by_vips(source, Format.PNG)


def lossless(task: Task) -> Iterator[Candidate]:
    """The source, or the picture, with better filters and deflate."""
    if task.facts.frames > 1:
        return
    data = task.source or task.picture.to_vips().pngsave_buffer(compression=1)
    strip = oxipng.StripChunks.safe if task.picture.exif else oxipng.StripChunks.all
    yield Candidate(data=bytes(oxipng.optimize_from_memory(data, level=2, strip=strip)), how="oxipng")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """A palette, dithered or not."""
    image = task.picture.to_vips()
    if task.picture.count > 1 or task.picture.deep:
        return
    yield Ladder(
        how="palette",
        encode=lambda quality: image.pngsave_buffer(palette=True, Q=int(quality), dither=0.0, effort=5, keep=0),
        finish=lambda data, _: bytes(oxipng.optimize_from_memory(data, level=2)),
        low=10,
        high=100,
        start=85,
        slope=0.6,
        max_encodes=3,
    )
