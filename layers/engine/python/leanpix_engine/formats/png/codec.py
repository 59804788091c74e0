"""Decode PNG, and encode it: in a palette where that holds the goal, else without loss."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.history.loss import SPENT
from leanpix_engine.formats.history.pixels import score_of_pixels
from leanpix_engine.formats.png import apng, deflate
from leanpix_engine.formats.png import header as png_header
from leanpix_engine.formats.png.palette import MergedPalette, chunk, count_at, dithered
from leanpix_engine.formats.png.posterize import flat_pixels, posterized, with_coarse_alpha
from leanpix_engine.limits import Deadline, Limits
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder, Score, unless_found

_SMALL_MEGAPIXELS = 1.0
"""Below this, time is spent freely: it is short, and more tries make it smaller. From here on the
first way that reaches the goal is taken: another costs 2 s a megapixel for 3 % of the bytes."""
_TOLERANCE = 0.8
"""One colour more or less moves the score by about as much; closer is not worth an encode."""
_WELL_BELOW = 0.7
"""A lossy file this small against the source is not reached without loss: nobody needs to try."""
_TINY_MEGAPIXELS = 0.2
"""Below this it is tried all the same."""
_UNFILTERED = 48.0
"""Three photos at 43 to 46 were smallest unfiltered; two at 57 and 58 were a sixth larger so."""
_DITHER_GAINS = 6.0
"""Points that dithering adds to the best plain palette by SSIMULACRA2: 0 to 5 on 25 pictures."""
_BEST_PALETTE, _MOST_EFFORT = 100, 10
_LOSSLESS_LEVEL, _LOSSY_LEVEL = 3, 2
"""Of oxipng. On 8 screenshots 3 is 4 % smaller than 2, in 1.4 times the time."""


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Decode all pixels of a PNG, all frames of an APNG."""
    if png_header.read(source, limits).animated:
        return apng.decode(source)
    return decode_by_vips(source, "pngload_buffer")


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the source, or the picture, in the fewest bits per pixel, better filtered, deflated.

    Colours under full transparency are changed where that helps; nobody sees them.
    """
    if task.facts.animated:
        for candidate in apng.lossless(task):
            is_new = task.source is None
            data = _finish(task, candidate.data, 0.0) if is_new else candidate.data
            yield replace(candidate, data=data)
        return
    large = task.picture.megapixels >= _TINY_MEGAPIXELS
    hopeless_below = _WELL_BELOW * len(task.source or b"")
    if large and task.smallest is not None and task.smallest < hopeless_below:
        return
    data = task.source or task.picture.to_vips().pngsave_buffer(
        compression=1, keep=_kept(task.picture)
    )
    smaller = deflate.optimize(data, task, level=_LOSSLESS_LEVEL)
    if smaller is not None:
        yield Candidate(data=smaller, how="oxipng")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield a palette, plain or dithered; where 256 colours are too few, a calmer picture."""
    if task.facts.animated:
        for ladder in apng.ladders(task, goal):
            yield replace(ladder, finish=partial(_finish, task))
        return
    if task.facts.hdr:
        return
    picture = replace(task.picture, frames=task.picture.rgb8(), mode=Mode.RGB)
    if picture.opaque():
        picture = picture.without_alpha()
    tries = 6 if picture.megapixels < _SMALL_MEGAPIXELS else 3
    merged = _merged(task, picture, tries=tries)
    yield merged

    def may_reach(found: Sequence[Candidate]) -> bool:
        return not found and merged.reached >= goal - _DITHER_GAINS

    yield replace(_quantized(task, picture, dither=0.5, tries=tries), worth=may_reach)
    if picture.alpha:
        coarse = with_coarse_alpha(picture)
        last = _quantized(task, coarse, dither=0.25, tries=1, effort=_MOST_EFFORT)
        yield replace(last, worth=unless_found)
    yield _posterized(task, picture)


@dataclass(frozen=True, slots=True, kw_only=True)
class _NotedLadder(Ladder):
    """A ladder that remembers how far it came."""

    _scores: list[float] = field(default_factory=list)

    @property
    def reached(self) -> float:
        """The best score; infinite before the first climb, or where it failed."""
        return max(self._scores, default=math.inf)

    def climb(self, goal: float, score: Score, deadline: Deadline) -> tuple[Candidate, bool]:
        """Return what `Ladder.climb` does."""
        found, reaches = super(_NotedLadder, self).climb(goal, score, deadline)
        self._scores.append(found.score or 0.0)
        return found, reaches


def _merged(task: Task, picture: Picture, *, tries: int) -> _NotedLadder:
    """Merge libimagequant's colours to the fewest; the quality is 10 log2 of their number."""

    @cache
    def palette() -> MergedPalette:
        return MergedPalette(picture)

    def reduced(quality: float) -> Picture:
        few = replace(picture, frames=palette().pixels(count_at(quality))[None], alpha=True)
        # Laying what is opaque on a background would take as long as scoring it.
        return few if picture.alpha else few.without_alpha()

    return _NotedLadder(
        how="merged palette",
        encode=lambda quality: palette().png(count_at(quality)),
        preview=reduced,
        finish=partial(_finish, task),
        low=10,
        high=80,
        start=52,
        slope=1.3,
        max_encodes=tries,
        tolerance=_TOLERANCE,
    )


def _quantized(
    task: Task, picture: Picture, *, dither: float, tries: int, effort: int = 7
) -> Ladder:
    """Let libimagequant take as few colours as its quality asks for."""
    return Ladder(
        how=f"palette dither {dither}",
        encode=lambda quality: dithered(picture, quality, dither=dither, effort=effort),
        finish=partial(_finish, task),
        low=1,
        high=100,
        start=_BEST_PALETTE,
        slope=0.4,
        max_encodes=tries,
        tolerance=_TOLERANCE,
    )


def _posterized(task: Task, picture: Picture) -> Ladder:
    """Reduce the levels of each channel, for what needs more colours than a palette holds.

    The quality is 10 log2 of their number. At equal score 15 % smaller than what WebP's
    near-lossless coding makes of a picture.
    """

    @cache
    def kept() -> npt.NDArray[np.bool_]:
        return flat_pixels(picture)

    def reduced(quality: float) -> Picture:
        return posterized(picture, count_at(quality), kept())

    def encode(quality: float) -> bytes:
        image = reduced(quality).to_vips()
        return bytes(image.pngsave_buffer(compression=1, filter="all", keep="none"))

    def finish(data: bytes, quality: float) -> bytes:
        quick = picture.megapixels >= _TINY_MEGAPIXELS
        filters = not quick or quality > _UNFILTERED
        return _finish(task, data, quality, filters=filters, quick=quick)

    return Ladder(
        how="posterized",
        encode=encode,
        preview=reduced,
        finish=finish,
        low=20,
        high=65,
        start=38,
        slope=1.0,
        max_encodes=4,
        tolerance=_TOLERANCE,
        worth=unless_found,
    )


def _finish(
    task: Task, data: bytes, _quality: float, *, filters: bool = True, quick: bool = False
) -> bytes:
    """Deflate for good, and add the colour description and the metadata to keep."""
    smaller = deflate.optimize(data, task, level=_LOSSY_LEVEL, filters=filters, quick=quick)
    smaller = smaller or data
    extra = _colour_chunks(task) + _metadata_chunks(task.picture)
    after_header = len(png_header.SIGNATURE) + 25
    return smaller[:after_header] + extra + smaller[after_header:]


def _colour_chunks(task: Task) -> bytes:
    """Return the profile, or else the source's gamma and the like, which libvips drops."""
    if task.picture.icc:
        return chunk(b"iCCP", b"icc\x00\x00" + zlib.compress(task.picture.icc, 9))
    if task.source is None:
        return b""
    parts = [part for part in png_header.chunks(task.source) if part.kind in deflate.COLOUR_CHUNKS]
    return b"".join(task.source[part.start - 8 : part.end + 4] for part in parts)


def _metadata_chunks(picture: Picture) -> bytes:
    exif = chunk(b"eXIf", picture.exif.removeprefix(b"Exif\x00\x00")) if picture.exif else b""
    xmp = chunk(b"iTXt", png_header.XMP_HEAD + picture.xmp) if picture.xmp else b""
    return exif + xmp


def _kept(picture: Picture) -> str:
    """Return which of its fields libvips has to write."""
    return "exif|xmp|icc" if picture.exif or picture.xmp else "icc"


def source_score(source: bytes, picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of a PNG against its original; see `formats/codec.py`.

    An indexed PNG was either reduced to its palette or has few colours by nature: in both cases
    nothing is left to take.
    """
    return SPENT if png_header.is_indexed(source) else score_of_pixels(picture)
