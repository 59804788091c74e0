"""Reduce the levels of each channel, for pictures that need more colours than a palette holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from leanpix_engine.picture import flats
from leanpix_engine.picture.picture import Picture

_COARSE_ALPHA = ((np.arange(256) + 2) // 4 * 4).clip(0, 255).astype(np.uint8)
_COARSE_ALPHA[[1, 254]] = 0, 255
"""Steps of 4; what is all but clear or opaque becomes so."""


def with_coarse_alpha(picture: Picture) -> Picture:
    """Return the picture with a quarter of the degrees of transparency: none sees a difference.

    That leaves more of a palette to the colours.
    """
    frames = picture.frames.copy()
    frames[..., 3] = _COARSE_ALPHA[frames[..., 3]]
    frames[frames[..., 3] == 0] = 0
    return replace(picture, frames=frames)


def flat_pixels(picture: Picture) -> npt.NDArray[np.bool_]:
    """Return where a picture has one of the colours that fill its flat areas."""
    tall = picture.frames.reshape(-1, *picture.frames.shape[2:])
    codes = flats.codes_of(tall)
    kept = np.zeros(codes.shape, bool)
    for code in flats.flat_colours(codes, flats.inner(codes)):
        kept |= codes == code
    return kept.reshape(picture.frames.shape[:3])


def posterized(picture: Picture, levels: int, kept: npt.NDArray[np.bool_]) -> Picture:
    """Return the picture, of 8 bits RGB or RGBA, with so many levels of each colour.

    What is `kept`, (frames, height, width), stays as it is.
    """
    last = levels - 1
    table = np.rint(np.rint(np.arange(256) * last / 255) * 255 / last).astype(np.uint8)
    frames = table[picture.frames]
    if picture.alpha:
        frames[..., 3] = _COARSE_ALPHA[picture.frames[..., 3]]
        frames[frames[..., 3] == 0] = 0
    frames[kept] = picture.frames[kept]
    return replace(picture, frames=frames)
