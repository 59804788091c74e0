"""Keep colour profiles that may stay, and convert the others to sRGB."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.limits import Limits
from leanpix_engine.picture import icc
from leanpix_engine.picture.decode import from_vips
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.vips import pyvips


def to_srgb(
    picture: Picture, limits: Limits, *, cmyk_to_rgb: bool, lossy: bool, keep_icc: bool = False
) -> Picture:
    """Return the picture in colours that an output can carry.

    A wide-gamut RGB profile stays with its pixels; sRGB's own is left out, for it says nothing,
    unless `keep_icc` asks for it.
    Profiles that turn the channels into something else than light (XYB and the like) are resolved
    where loss is allowed, since no encoder and no metric understands such channels. CMYK stays
    unless asked otherwise.
    """
    if picture.mode is Mode.CMYK:
        return in_srgb(picture) if cmyk_to_rgb else picture
    if not picture.icc:
        return picture
    if icc.is_srgb(picture.icc) and not keep_icc:
        return replace(picture, icc=None)
    if icc.colour_space(picture.icc) != (b"GRAY" if picture.mode is Mode.GRAY else b"RGB "):
        return replace(picture, icc=None)  # a profile of another kind of image; viewers ignore it
    if lossy and (len(picture.icc) > limits.max_icc_bytes or not icc.is_simple(picture.icc)):
        return in_srgb(picture)
    return picture


def in_srgb(picture: Picture) -> Picture:
    """Return the picture in sRGB, by its profile or, where it has none, libvips' for CMYK.

    Raises:
        Refused: `CORRUPT_IMAGE` where the profile cannot be used.
    """
    colour = picture.without_alpha()
    try:
        image = colour.to_vips().icc_transform(
            "srgb",
            embedded=True,
            input_profile="cmyk",
            intent="perceptual",
            black_point_compensation=True,
        )
        done = from_vips(image)
    except pyvips.Error as error:
        raise Refused(
            Reason.CORRUPT_IMAGE, "The colour profile of this image cannot be used."
        ) from error
    frames = done.frames.reshape(picture.count, picture.height, picture.width, -1)
    if picture.alpha:
        frames = np.concatenate([frames, picture.frames[..., -1:].astype(frames.dtype)], axis=-1)
    return replace(picture, frames=frames, mode=done.mode, icc=None)
