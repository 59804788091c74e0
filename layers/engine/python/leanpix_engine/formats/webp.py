"""WebP by libwebp."""

from __future__ import annotations

from collections.abc import Iterator

from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Picture
from leanpix_engine.search import Candidate, Ladder

_MAX_SIDE = 16_383


def decode(source: bytes, limits: Limits) -> Picture:
    """All frames of a WebP."""
    return decode_by_vips(source, Format.WEBP)


def _fits(picture: Picture) -> bool:
    return max(picture.width, picture.height) <= _MAX_SIDE and not picture.deep


def lossless(task: Task) -> Iterator[Candidate]:
    """Lossless WebP; only for what was lossless before, or it is larger."""
    if _fits(task.picture) and task.facts.lossless:
        yield Candidate(data=task.picture.to_vips().webpsave_buffer(lossless=True, effort=4, keep="icc"), how="webp")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Lossy WebP."""
    if not _fits(task.picture):
        return
    image = task.picture.to_vips()
    yield Ladder(
        how="webp",
        encode=lambda quality: image.webpsave_buffer(Q=int(quality), effort=4, smart_subsample=True, keep="icc"),
        low=5,
        high=100,
        start=82,
        slope=0.6,
    )
