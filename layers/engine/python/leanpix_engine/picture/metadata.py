"""Keep the kinds of metadata that are asked for, and strip all others."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from leanpix_engine.limits import Limits
from leanpix_engine.model import Metadata
from leanpix_engine.picture import tiff, xmp
from leanpix_engine.picture.picture import Picture


def with_kept(picture: Picture, keep: AbstractSet[Metadata], limits: Limits) -> Picture:
    """Return the picture with the metadata that its output may carry.

    EXIF and XMP stay whole where they are asked for, and else with the properties of the other
    kinds alone.
    """
    if len(picture.exif or b"") + len(picture.xmp or b"") > limits.max_metadata_bytes:
        return replace(picture, exif=None, xmp=None)
    exif, packet = picture.exif, picture.xmp
    if exif and Metadata.EXIF not in keep:
        exif = tiff.selected(exif, keep)
    if packet and Metadata.XMP not in keep:
        packet = xmp.selected(packet, keep)
    return replace(picture, exif=exif, xmp=packet)
