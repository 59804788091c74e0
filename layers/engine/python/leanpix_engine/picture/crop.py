"""Cut a picture to a smaller size around what matters most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.picture.geometry import Size
from leanpix_engine.picture.picture import Picture


def cut(picture: Picture, size: Size) -> Picture:
    """Return the part of a picture, in this size, that matters most.

    All frames of an animation are cut at the place that the first one says.
    """
    width, height = size
    if size == (picture.width, picture.height):
        return picture
    left, top = _corner(picture, size)
    part = picture.frames[:, top : top + height, left : left + width]
    return replace(picture, frames=np.ascontiguousarray(part))


def _corner(picture: Picture, size: Size) -> tuple[int, int]:
    """Return the upper left corner of the part, by libvips' attention: edges, skin, saturation."""
    first = replace(picture, frames=np.ascontiguousarray(picture.frames[:1])).to_vips()
    _, found = first.smartcrop(*size, interesting="attention", attention_x=True, attention_y=True)
    centre = found["attention_x"], found["attention_y"]
    room = picture.width - size[0], picture.height - size[1]
    left, top = (
        min(max(0, at - side // 2), most)
        for at, side, most in zip(centre, size, room, strict=True)
    )
    return left, top
