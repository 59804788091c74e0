"""EXIF orientation applied to the pixels (EXIF 2.32, tag 0x0112)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.picture import Picture, Pixels


def upright(picture: Picture) -> Picture:
    """The picture as it is seen, with orientation 1."""
    frames = np.ascontiguousarray(_turned(picture.frames, picture.orientation))
    return replace(picture, frames=frames, orientation=1)


def _turned(frames: Pixels, orientation: int) -> Pixels:
    """Frames (frame, row, column, channel) with rows and columns flipped or swapped."""
    if orientation >= 5:
        frames = frames.swapaxes(1, 2)
    if orientation in (3, 4, 7, 8):
        frames = frames[:, ::-1]
    if orientation in (2, 3, 6, 7):
        frames = frames[:, :, ::-1]
    return frames
