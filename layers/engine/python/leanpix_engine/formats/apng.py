"""APNG: frames decoded by Pillow (libvips shows only the first), recompressed by oxipng."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats import Task, deflate
from leanpix_engine.limits import Limits
from leanpix_engine.picture import Mode, Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """All frames as composed on the canvas; a default image outside the animation is left out.

    Raises:
        Refused: damage, or 16 bits per channel, which no decoder at hand composes.
    """
    try:
        with Image.open(io.BytesIO(source), formats=["PNG"]) as image:
            if image.mode.startswith("I"):
                raise Refused(
                    Reason.UNSUPPORTED_FEATURE, "Animated PNG with 16 bits is not supported."
                )
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
    """The source with its frames recompressed one by one."""
    if task.source is None:
        return
    smaller = deflate.optimize(task.source, task, level=4)
    if smaller is not None:
        yield Candidate(data=smaller, how="oxipng")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """None: frames drawn over each other have to stay as they are."""
    return iter(())
