"""Decode APNG by Pillow (libvips shows one frame alone), and write it smaller."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from leanpix_engine.errors import Kept, LeftAlone, Reason, Refused
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.png import apng_writer, deflate
from leanpix_engine.formats.png.palette import MergedPalette, count_at
from leanpix_engine.formats.png.posterize import flat_pixels, posterized
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder, unless_found

_MOST_MEGAPIXELS = 40.0
"""Frames together; above it a palette of all takes too long to find."""


def decode(source: bytes) -> Picture:
    """Decode all frames as composed on the canvas; a default image outside them is left out.

    Raises:
        Refused: damage.
        LeftAlone: 16 bits per channel, which no decoder at hand composes.
    """
    try:
        with Image.open(io.BytesIO(source), formats=["PNG"]) as image:
            if image.mode.startswith("I"):
                raise LeftAlone(Kept.DEPTH)
            hidden = 1 if image.info.get("default_image") else 0
            frames, delays = [], []
            for index in range(hidden, int(getattr(image, "n_frames", 1))):
                image.seek(index)
                frames.append(np.asarray(image.convert("RGBA")))
                delays.append(round(float(image.info.get("duration", 0))))
            return Picture(
                frames=np.stack(frames),
                mode=Mode.RGB,
                alpha=True,
                icc=image.info.get("icc_profile"),
                exif=image.info.get("exif"),
                xmp=image.info.get("xmp"),
                delays_ms=tuple(delays),
                loop=int(image.info.get("loop", 0)),
            )
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Refused(Reason.CORRUPT_IMAGE) from error


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the source with recompressed frames, or new frames where they were resized."""
    if task.source is None:
        picture = task.picture
        yield Candidate(
            data=apng_writer.in_colours(picture.frames, picture.delays_ms, picture.loop),
            how="frames",
        )
        return
    smaller = deflate.optimize(task.source, task, level=4)
    if smaller is not None:
        yield Candidate(data=smaller, how="oxipng")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield one palette for all frames, or fewer levels of each channel."""
    del goal
    if task.picture.megapixels > _MOST_MEGAPIXELS:
        return
    yield _one_palette(task.picture)
    yield _posterized(task.picture)


def _one_palette(picture: Picture) -> Ladder:
    """Reduce the colours of all frames; the quality is 10 log2 of their number."""

    @cache
    def palette() -> MergedPalette:
        return MergedPalette(picture)

    def reduced(quality: float) -> Picture:
        pixels = palette().pixels(count_at(quality))
        return replace(picture, frames=pixels.reshape(picture.frames.shape))

    def encode(quality: float) -> bytes:
        indices, colours = palette().reduced(count_at(quality))
        return apng_writer.indexed(
            indices.reshape(picture.frames.shape[:3]), colours, picture.delays_ms, picture.loop
        )

    return Ladder(
        how="palette of all frames",
        encode=encode,
        preview=reduced,
        low=10,
        high=80,
        start=58,
        slope=1.3,
        max_encodes=5,
        tolerance=0.8,
    )


def _posterized(picture: Picture) -> Ladder:
    """Reduce the levels of each channel; the quality is 10 log2 of their number."""

    @cache
    def kept() -> npt.NDArray[np.bool_]:
        return flat_pixels(picture)

    def reduced(quality: float) -> Picture:
        return posterized(picture, count_at(quality), kept())

    def encode(quality: float) -> bytes:
        frames = reduced(quality).frames
        return apng_writer.in_colours(frames, picture.delays_ms, picture.loop)

    return Ladder(
        how="posterized frames",
        encode=encode,
        preview=reduced,
        low=20,
        high=65,
        start=38,
        slope=1.0,
        max_encodes=4,
        tolerance=0.8,
        worth=unless_found,
    )
