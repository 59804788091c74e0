"""Resize a picture, and say how much smaller it may be decoded before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.picture.decode import from_vips
from leanpix_engine.picture.geometry import Size
from leanpix_engine.picture.picture import Picture, Pixels

_SHRINKS = (8, 4, 2)
"""The factors of libjpeg's inverse transform, largest first."""
_SHRUNK_FROM_PIXELS = 4_000_000
"""From there on the result scored 91 to 97 against that of full decoding; of small photos 88 to
97, for 0.005 s."""


def shrink_while_decoding(width: int, height: int, scaled: Size) -> int:
    """Return how many times smaller to decode what is then resized to `scaled`: 1, 2, 4 or 8.

    Twice the size is left, which keeps Lanczos' sharpness. A shrink that does not divide the sides
    would move the picture by part of a pixel.
    """
    if width * height < _SHRUNK_FROM_PIXELS:
        return 1
    new_width, new_height = scaled
    for shrink in _SHRINKS:
        divides = width % shrink == height % shrink == 0
        if divides and width >= 2 * shrink * new_width and height >= 2 * shrink * new_height:
            return shrink
    return 1


def resize(picture: Picture, width: int, height: int) -> Picture:
    """Resize a picture by Lanczos 3 on gamma values, as browsers and sharp do.

    Colours are weighted by alpha, so that what is transparent does not bleed into what is seen.
    """
    frames = [
        _resized(replace(picture, frames=picture.frames[i : i + 1]), width, height)
        for i in range(picture.count)
    ]
    return replace(picture, frames=np.concatenate(frames))


def _resized(picture: Picture, width: int, height: int) -> Pixels:
    image = picture.to_vips()
    layout = image.format
    if picture.alpha:
        image = image.premultiply()
    image = image.resize(width / picture.width, vscale=height / picture.height, kernel="lanczos3")
    if picture.alpha:
        image = image.unpremultiply()
    image = (
        image.rint().cast(layout).crop(0, 0, min(width, image.width), min(height, image.height))
    )
    return from_vips(image).frames
