"""Decode a file to a `Picture` by libvips, strictly."""

from __future__ import annotations

from typing import Any

import numpy as np

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.vips import pyvips

_SIGNS_OF_NO_MEMORY = ("out of memory", "memory allocation", "cannot allocate memory")
"""Of libvips itself, of libheif, and of the C library."""
NO_MEMORY = "This image takes more memory than the limits allow."
_MODES = {
    "b-w": Mode.GRAY,
    "grey16": Mode.GRAY,
    "srgb": Mode.RGB,
    "rgb": Mode.RGB,
    "rgb16": Mode.RGB,
    "cmyk": Mode.CMYK,
}


def decode(source: bytes, loader: str, **settings: Any) -> Picture:
    """Decode all frames of `source`, strictly: a file that is cut off or broken is refused.

    Args:
        source: the file.
        loader: libvips' loader of a file in memory, such as "jpegload_buffer".
        settings: the loader's own.

    Raises:
        Refused: `CORRUPT_IMAGE` where the codec meets damage, `TOO_LARGE` where memory runs out.
    """
    try:
        load = getattr(pyvips.Image, loader)
        return from_vips(load(source, fail_on="truncated", access="sequential", **settings))
    except pyvips.Error as error:
        raise refusal_of(error) from error


def refusal_of(error: Exception) -> Refused:
    """Return the refusal of an image that libvips cannot decode: damage, or no memory."""
    if any(sign in str(error).lower() for sign in _SIGNS_OF_NO_MEMORY):
        return Refused(Reason.TOO_LARGE, NO_MEMORY)
    return Refused(Reason.CORRUPT_IMAGE)


def from_vips(image: Any) -> Picture:
    """Render a libvips image into memory.

    Raises:
        pyvips.Error: damage that shows only when the pixels are decoded.
    """
    mode = _MODES.get(image.interpretation)
    if mode is None:
        image, mode = image.colourspace("srgb"), Mode.RGB
    if image.format not in ("uchar", "ushort"):
        image = image.cast("uchar")
    fields = set(image.get_fields())

    def blob(name: str) -> bytes | None:
        return bytes(image.get(name)) if name in fields else None

    page = image.get("page-height") if "page-height" in fields else image.height
    pages = image.height // page
    delays = tuple(image.get("delay")) if "delay" in fields and pages > 1 else ()
    pixels = np.frombuffer(
        image.write_to_memory(), np.uint16 if image.format == "ushort" else np.uint8
    )
    return Picture(
        frames=pixels.reshape(pages, page, image.width, image.bands),
        mode=mode,
        alpha=image.bands == (5 if mode is Mode.CMYK else 4 if mode is Mode.RGB else 2),
        icc=blob("icc-profile-data"),
        exif=blob("exif-data"),
        xmp=blob("xmp-data"),
        orientation=image.get("orientation") if "orientation" in fields else 1,
        delays_ms=delays,
        loop=image.get("loop") if "loop" in fields else 0,
    )
