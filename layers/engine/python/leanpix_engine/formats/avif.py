"""AVIF by libaom."""

from __future__ import annotations

from collections.abc import Iterator

from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """The image of an AVIF."""
    return decode_by_vips(source, Format.AVIF)


def lossless(task: Task) -> Iterator[Candidate]:
    """None: lossless AVIF is larger than lossless WebP or PNG."""
    return iter(())


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Lossy AVIF."""
    image = task.picture.to_vips()
    if task.picture.count > 1:
        return
    yield Ladder(
        how="avif",
        encode=lambda quality: image.heifsave_buffer(
            Q=int(quality), compression="av1", effort=3, bitdepth=8, keep="icc"
        ),
        low=5,
        high=100,
        start=62,
        slope=0.6,
    )
