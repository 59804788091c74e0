"""Apply the EXIF orientation to the pixels (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.picture.exif import SWAPS_SIDES, with_upright
from leanpix_engine.picture.picture import Picture, Pixels


def upright(picture: Picture) -> Picture:
    """Return the picture as it is seen, with orientation 1."""
    frames = np.ascontiguousarray(_turned(picture.frames, picture.orientation))
    exif = with_upright(picture.exif) if picture.exif else None
    return replace(picture, frames=frames, exif=exif, orientation=1)


def _turned(frames: Pixels, orientation: int) -> Pixels:
    """Return frames (frame, row, column, channel) with rows and columns flipped or swapped."""
    if orientation in SWAPS_SIDES:
        frames = frames.swapaxes(1, 2)
    if orientation in (3, 4, 7, 8):
        frames = frames[:, ::-1]
    if orientation in (2, 3, 6, 7):
        frames = frames[:, :, ::-1]
    return frames
