"""Strip a picture's metadata, or keep EXIF and XMP when asked for."""

from __future__ import annotations

from dataclasses import replace

from leanpix_engine.limits import Limits
from leanpix_engine.picture.picture import Picture


def strip(picture: Picture, limits: Limits, *, keep_exif: bool) -> Picture:
    """Return the picture with the metadata that its output may carry."""
    size = len(picture.exif or b"") + len(picture.xmp or b"")
    if keep_exif and size <= limits.max_metadata_bytes:
        return picture
    return replace(picture, exif=None, xmp=None)
