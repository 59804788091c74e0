"""Colour profiles: which may stay, and the conversion of the others to sRGB."""

from __future__ import annotations

from dataclasses import replace

from leanpix_engine.decode import from_vips
from leanpix_engine.limits import Limits
from leanpix_engine.picture import Mode, Picture


def to_srgb(picture: Picture, limits: Limits, *, cmyk_to_rgb: bool) -> Picture:
    """The picture in colours that an output can carry: sRGB without a profile, or RGB with its own."""
    if picture.mode is Mode.CMYK:
        return _transform(picture) if cmyk_to_rgb else picture
    if picture.icc and len(picture.icc) > limits.max_icc_bytes:
        return _transform(picture)
    return picture


def _transform(picture: Picture) -> Picture:
    image = picture.to_vips().icc_transform("srgb", embedded=True, intent="perceptual", black_point_compensation=True)
    done = from_vips(image)
    return replace(picture, frames=done.frames.reshape(picture.count, picture.height, picture.width, -1),
                   mode=Mode.RGB, icc=None)
