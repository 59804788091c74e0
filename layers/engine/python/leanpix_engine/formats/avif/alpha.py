"""Encode the alpha plane of an AVIF without loss, and calm what it hides."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from leanpix_engine.picture.picture import Picture

Bytes = npt.NDArray[np.uint8]

_LOSSLESS: Final = 100
_OPTIONS: Final = {"alpha:tune-content": "screen"}
"""Palettes and copies within the picture: up to 20 % smaller on the alpha of icons."""
_SPEEDS: Final = ((0.02, 0), (0.3, 6), (float("inf"), 9))
"""Megapixels up to which aom may take its time; 0 is 4 % smaller than 6."""
FINE: Final = 4
"""The most by which alpha may move."""
ROUGH: Final = 7
"""The same for icons, where few levels save bytes; the rule `alpha` draws the line at 8."""
_OPAQUE: Final = 255


def few_levels(alpha: Bytes, most: int) -> Bytes:
    """Return alpha with as few levels as move none by more than `most`; clear and opaque stay.

    From below, each level takes in all that it can: no smaller set of levels covers what is there.
    """
    counts = np.bincount(alpha.ravel(), minlength=256)
    table = np.zeros(256, np.uint8)
    table[_OPAQUE - most :] = _OPAQUE
    start, end = most + 1, _OPAQUE - most
    while start < end:
        stop = min(start + 2 * most + 1, end)
        used = np.flatnonzero(counts[start:stop]) + start
        if used.size == 0:
            start += 1
        elif used[0] > start:
            start = int(used[0])
        else:
            mean = np.average(used, weights=counts[used])
            table[start:stop] = np.rint(np.clip(mean, used[-1] - most, used[0] + most))
            start = stop
    return np.asarray(table[alpha])


def plane_of(alpha: Bytes) -> bytes:
    """Return an AVIF that holds (height, width) alpha without loss, and no picture."""
    empty = np.zeros((*alpha.shape, 4), np.uint8)
    empty[..., 3] = alpha
    megapixels = alpha.size / 1e6
    buffer = io.BytesIO()
    Image.fromarray(empty).save(
        buffer,
        "AVIF",
        quality=_LOSSLESS,
        speed=next(speed for most, speed in _SPEEDS if megapixels <= most),
        subsampling="4:2:0",
        advanced=_OPTIONS,
    )
    return buffer.getvalue()


def filled(picture: Picture) -> Picture:
    """Return the colours alone, going on smoothly where the picture is clear.

    What nobody sees costs the fewest bits so. Means of ever larger squares fill what is left
    (push and pull).
    """
    pixels = picture.pixels
    share = (pixels[..., 3:] > 0).astype(np.float32)
    colour = _pulled(pixels[..., :3].astype(np.float32) * share, share)
    colour = np.where(share > 0, pixels[..., :3], np.rint(colour)).astype(np.uint8)
    return replace(picture, frames=colour[None], alpha=False)


def _pulled(sums: npt.NDArray[np.float32], shares: npt.NDArray[np.float32]) -> Bytes:
    """Return means where there is any share, and those of coarser squares elsewhere."""
    means = sums / np.maximum(shares, 1e-6)
    if min(sums.shape[:2]) == 1 or shares.all():
        return np.asarray(means)
    coarser = _pulled(_halved(sums), _halved(shares))
    larger = coarser.repeat(2, axis=0).repeat(2, axis=1)[: sums.shape[0], : sums.shape[1]]
    return np.asarray(np.where(shares > 0, means, larger))


def _halved(plane: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    height, width = plane.shape[:2]
    padded = np.pad(plane, ((0, height % 2), (0, width % 2), (0, 0)))
    rows = padded[0::2] + padded[1::2]
    return np.asarray(rows[:, 0::2] + rows[:, 1::2])
