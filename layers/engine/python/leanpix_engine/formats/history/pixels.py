"""Estimate what pixels have lost: fewer levels, or a JPEG that they once were."""

from __future__ import annotations

from typing import Final

import numpy as np

from leanpix_engine.formats.history.loss import PRISTINE, SPENT
from leanpix_engine.formats.history.requantize import score_of_former_jpeg
from leanpix_engine.picture.picture import Picture, Pixels

_MOST_INDEXED: Final = 256
_FEW_LEVELS: Final = 64
_SAMPLE: Final = 65_536
_FEWEST_OF_PHOTO, _FULL_PALETTE = 24, 248
"""Colours of a photo that was reduced to less than what a GIF may hold."""
_EQUAL_IN_DRAWINGS: Final = 0.6
_WEIGHTS: Final = np.array([1, 1 << 8, 1 << 16, 1 << 24], np.uint32)
"""By which the channels of a pixel become one number."""
_MOST_FRAMES: Final = 8
"""Of an animation, whose colours are counted."""


def score_of_pixels(picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of pixels, which no loss followed, against their original.

    It is 100 where they show no loss, and `SPENT` where their levels were reduced.
    """
    if picture.deep or picture.frames.shape[-1] < 3:  # noqa: PLR2004 - gray has few levels by nature
        return PRISTINE
    colour = picture.frames[0][..., :3]
    if _has_few_levels(colour):
        return SPENT
    return PRISTINE if picture.count > 1 else score_of_former_jpeg(colour)


def has_few_colours(picture: Picture) -> bool:
    """Return whether a sample of the pixels has no more colours than a palette holds."""
    sample = _sample(picture.frames[0]).astype(np.uint32)
    packed = sum(sample[:, channel] << (8 * channel) for channel in range(sample.shape[1]))
    return len(np.unique(packed)) <= _MOST_INDEXED


def has_reduced_palette(picture: Picture) -> bool:
    """Return whether a palette's pixels look like a photo's, in fewer colours than it could hold.

    Drawings have few colours by nature, and most of their pixels equal their left neighbour.
    """
    count = picture.count
    frames = picture.frames[:: max(1, count // _MOST_FRAMES)]
    packed = frames.astype(np.uint32) @ _WEIGHTS[: frames.shape[-1]]
    used = len(np.unique(packed))
    if not _FEWEST_OF_PHOTO <= used < _FULL_PALETTE:
        return False
    return float(np.mean(packed[..., 1:] == packed[..., :-1])) < _EQUAL_IN_DRAWINGS


def _has_few_levels(colour: Pixels) -> bool:
    """Return whether each channel has few levels but all together many colours: posterized."""
    sample = _sample(colour)
    levels = [np.count_nonzero(np.bincount(sample[:, channel])) for channel in range(3)]
    if max(levels) > _FEW_LEVELS:
        return False
    packed = sample.astype(np.uint32) @ np.array([1, 256, 65_536], np.uint32)
    return len(np.unique(packed)) > _MOST_INDEXED


def _sample(frame: Pixels) -> Pixels:
    flat = frame.reshape(-1, frame.shape[-1])
    return flat[:: max(1, len(flat) // _SAMPLE)]
