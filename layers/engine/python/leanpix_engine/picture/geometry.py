"""Say which size an image gets: fitted into a box, or cut to an exact one, and never enlarged."""

from __future__ import annotations

from dataclasses import dataclass

from leanpix_engine.model import Crop, Options

Size = tuple[int, int]
"""(width, height) in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """The two steps from a source's size to the output's."""

    scaled: Size
    """The size that the whole image is resized to."""
    size: Size
    """The size of the output: the same, or a part of it."""


def geometry_of(width: int, height: int, options: Options) -> Geometry:
    """Return the sizes that an image of this size gets."""
    if options.crop is not None:
        return _covering(width, height, options.crop)
    size = fitted(width, height, options.max_width, options.max_height, options.long_edge)
    return Geometry(scaled=size, size=size)


def fitted(
    width: int,
    height: int,
    max_width: int | None,
    max_height: int | None,
    long_edge: int | None = None,
) -> Size:
    """Return the size inside the box, at least 1 x 1."""
    longer = max(width, height)
    scale = min(
        1.0,
        (max_width or width) / width,
        (max_height or height) / height,
        (long_edge or longer) / longer,
    )
    return max(1, round(width * scale)), max(1, round(height * scale))


def _covering(width: int, height: int, crop: Crop) -> Geometry:
    """Return the exact size, or the largest of its proportions that lies inside the image."""
    less = min(1.0, width / crop.width, height / crop.height)
    size = max(1, round(crop.width * less)), max(1, round(crop.height * less))
    scale = max(size[0] / width, size[1] / height)
    scaled = max(size[0], round(width * scale)), max(size[1], round(height * scale))
    return Geometry(scaled=scaled, size=size)
