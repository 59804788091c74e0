"""Keep the kinds of metadata that are asked for, and strip all others."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from leanpix_engine.limits import Limits
from leanpix_engine.model import Metadata
from leanpix_engine.picture.picture import Picture


def with_kept(picture: Picture, keep: AbstractSet[Metadata], limits: Limits) -> Picture:
    """Return the picture with the metadata that its output may carry."""
    exif = picture.exif if Metadata.EXIF in keep else None
    xmp = picture.xmp if Metadata.XMP in keep else None
    if len(exif or b"") + len(xmp or b"") > limits.max_metadata_bytes:
        exif = xmp = None
    return replace(picture, exif=exif, xmp=xmp)
