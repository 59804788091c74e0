"""Lay a picture with transparency on one colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.picture.color import in_srgb
from leanpix_engine.picture.picture import Mode, Picture


def laid_on(picture: Picture, colour: tuple[int, int, int]) -> Picture:
    """Return an opaque picture: its colours by their alpha over an sRGB colour.

    A picture in other colours than sRGB is brought into them, as the background is in them. Alpha
    mixes the stored values, as browsers do (CSS Compositing 1, 9.1).
    """
    if not picture.alpha:
        return picture
    if picture.icc or picture.mode is Mode.CMYK:
        picture = in_srgb(picture)
    frames = picture.frames
    most = int(np.iinfo(frames.dtype).max)
    colours = frames[..., :-1]
    if picture.mode is Mode.GRAY and len(set(colour)) > 1:
        colours = np.repeat(colours, 3, axis=-1)
    under = np.array(colour[: colours.shape[-1]], np.float32) * (most / 255)
    share = frames[..., -1:].astype(np.float32) / most
    mixed = np.rint(colours * share + under * (1 - share)).astype(frames.dtype)
    mode = Mode.GRAY if colours.shape[-1] == 1 else Mode.RGB
    return replace(picture, frames=mixed, mode=mode, alpha=False)
