"""Cut a picture to a smaller size around what matters most.

A map of importance says what that is: what differs from the picture's usual colour (Achanta et
al., "Frequency-tuned salient region detection", 2009), edges, saturated colours, and above all
skin. The window that holds the most of it wins.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine.picture.decode import from_vips
from leanpix_engine.picture.geometry import Size
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.resize import resize

Map = npt.NDArray[np.float64]

_MAP_SIDE: Final = 96
"""Pixels of the longer side that the map is made at."""
_CONTRAST, _DETAIL, _SATURATION, _SKIN = 0.8, 1.0, 0.3, 1.5
"""Weights of what makes a place important, each with a mean of 1 where it is found at all."""
_SKIN_COLOUR: Final = np.array([0.78, 0.57, 0.44])
"""Its direction in RGB; that of dark skin is much the same."""
_LIKE_SKIN: Final = 0.965
"""The cosine of the angle to it, from which a colour counts."""
_SKIN_LIGHT: Final = (0.15, 0.95)
_CENTRE_WEIGHT: Final = 0.7
"""Share that the middle has before the corners; photographers aim at what they take."""
_WINDOW_WEIGHT: Final = 0.25
"""The same of the window: one in a corner has to hold so much more."""
_EYES_AT: Final = -0.25
"""The height that counts as the middle, from -1 to 1: heads and towers are above it."""
_PLAIN_WITHIN: Final = 12
"""Steps of 255 by which a plain background differs from its own colour."""
_PLAIN_SHARE: Final = 0.97
"""Of the picture's outermost pixels, all around, that have that colour."""
_CLEAR_SHARE: Final = 0.6
"""The same of a clear background: a cut-out often touches an edge."""
_MOST_OF_PICTURE: Final = 0.9
"""Of the picture's area: a subject that takes more does not stand alone."""
_MARGIN: Final = 0.06
"""Background around a subject that stands alone, as a share of the size."""


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
    """Return the upper left corner of the window that holds the most importance."""
    importance = importance_of(picture)
    rows, columns = importance.shape
    scale = columns / picture.width, rows / picture.height
    width = min(columns, max(1, round(size[0] * scale[0])))
    height = min(rows, max(1, round(size[1] * scale[1])))
    sums = np.pad(importance, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    inside = (
        sums[height:, width:]
        - sums[:-height, width:]
        - sums[height:, :-width]
        + sums[:-height, :-width]
    )
    inside *= _centre(inside.shape, _WINDOW_WEIGHT)
    # Where several windows hold the same, the one in the middle of them.
    best = np.argwhere(inside >= np.max(inside) * (1 - 1e-9)).mean(axis=0)
    room = picture.width - size[0], picture.height - size[1]
    return (
        min(max(0, round(best[1] / scale[0])), room[0]),
        min(max(0, round(best[0] / scale[1])), room[1]),
    )


def importance_of(picture: Picture) -> Map:
    """Return how much each place of a small version of the first frame matters."""
    colours, alpha = _small(picture)
    light: Map = colours.mean(axis=-1)
    blurred = _blurred(colours)
    contrast = np.linalg.norm(blurred - colours.mean(axis=(0, 1)), axis=-1)
    detail = np.abs(light - _blurred(light[..., None])[..., 0])
    most, least = colours.max(axis=-1), colours.min(axis=-1)
    saturation = (most - least) * (most > _SKIN_LIGHT[0])
    direction = colours / np.maximum(np.linalg.norm(colours, axis=-1, keepdims=True), 1e-6)
    likeness = direction @ (_SKIN_COLOUR / np.linalg.norm(_SKIN_COLOUR))
    lit = (light > _SKIN_LIGHT[0]) & (light < _SKIN_LIGHT[1])
    skin = np.clip((likeness - _LIKE_SKIN) / (1 - _LIKE_SKIN), 0, 1) * lit * (saturation > 0.1)  # noqa: PLR2004 - gray has no colour of skin
    parts = (
        (_CONTRAST, contrast**2),
        (_DETAIL, _blurred(detail[..., None])[..., 0]),
        (_SATURATION, saturation**2),
        (_SKIN, skin),
    )
    found = sum(weight * _scaled(part) for weight, part in parts)
    return np.asarray(found * alpha * _centre(light.shape, _CENTRE_WEIGHT), np.float64)


def _small(picture: Picture) -> tuple[Map, Map]:
    """Return colours and alpha of the first frame, 0 to 1, at most `_MAP_SIDE` a side."""
    first = replace(picture, frames=np.ascontiguousarray(picture.frames[:1]), icc=None)
    if first.mode is Mode.CMYK:
        first = from_vips(first.to_vips().colourspace("srgb"))
    shrink = max(1.0, max(first.width, first.height) / _MAP_SIDE)
    size = max(1, round(first.width / shrink)), max(1, round(first.height / shrink))
    pixels: Map = resize(first, *size).rgb8()[0] / 255.0
    alpha = pixels[..., 3] if first.alpha else np.ones(pixels.shape[:2])
    return pixels[..., :3], alpha


def _blurred(planes: Map) -> Map:
    """Return planes as means over 5 x 5 pixels."""
    padded = np.pad(planes, ((2, 2), (2, 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    return np.asarray(windows.mean(axis=(-2, -1)))


def _scaled(part: Map) -> Map:
    """Return a part with a mean of 1, so that a picture without it has none of it."""
    mean = float(part.mean())
    return part / mean if mean > 1e-4 else np.zeros_like(part)  # noqa: PLR2004 - below it is noise


def _centre(shape: tuple[int, ...], weight: float) -> Map:
    """Return weights that fall from the middle to the corners."""
    y, x = (np.linspace(-1, 1, side) if side > 1 else np.zeros(1) for side in shape)
    far = (y[:, None] - _EYES_AT) ** 2 + x[None, :] ** 2
    return np.asarray(1 - weight * far / np.max(far))


def around_subject(picture: Picture, size: Size) -> Picture | None:
    """Return a subject that stands alone, whole and in the middle of this size.

    None where there is none. Its background is continued where the picture ends. It is never
    enlarged.
    """
    found = _subject(picture)
    if found is None:
        return None
    (top, bottom), (left, right), background = found
    room = [side * (1 - 2 * _MARGIN) for side in size]
    scale = min(1.0, room[0] / (right - left), room[1] / (bottom - top))
    width, height = (max(1, round(side / scale)) for side in size)
    x, y = round((left + right - width) / 2), round((top + bottom - height) / 2)
    canvas = np.empty((picture.count, height, width, len(background)), picture.frames.dtype)
    canvas[:] = background
    rows = slice(max(0, y), min(picture.height, y + height))
    columns = slice(max(0, x), min(picture.width, x + width))
    target = canvas[:, rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
    target[:] = picture.frames[:, rows, columns]
    whole = replace(picture, frames=canvas)
    return whole if (width, height) == size else resize(whole, *size)


_Subject = tuple[tuple[int, int], tuple[int, int], npt.NDArray[np.int64]]


def _subject(picture: Picture) -> _Subject | None:
    """Return the rows and columns of what stands before a plain or a clear background."""
    frame = picture.pixels.astype(np.int64)
    border = np.concatenate([frame[0], frame[-1], frame[:, 0], frame[:, -1]])
    most = int(np.iinfo(picture.frames.dtype).max)
    if picture.alpha and float((border[:, -1] == 0).mean()) >= _CLEAR_SHARE:
        background = np.zeros(frame.shape[-1], np.int64)
        differs = frame[..., -1] > 0
    else:
        background = np.median(border, axis=0).astype(np.int64)
        within = _PLAIN_WITHIN * most / 255
        if (np.abs(border - background).max(axis=-1) <= within).mean() < _PLAIN_SHARE:
            return None
        differs = np.abs(frame - background).max(axis=-1) > within
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not rows.size:
        return None
    box = (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)
    area = (box[0][1] - box[0][0]) * (box[1][1] - box[1][0])
    if area > _MOST_OF_PICTURE * picture.width * picture.height:
        return None
    return (*box, background)
