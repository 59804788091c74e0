"""Define the options of an image, whichever API asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Compression(StrEnum):
    """A level of compression."""

    LOSSLESS = "lossless"
    MEDIUM = "medium"
    HIGH = "high"


class Operation(StrEnum):
    """The operation on the images of a job; the `type` of a result in MegaOptim's API."""

    COMPRESS = "compress"
    CONVERT = "convert"
    COMPRESS_CONVERT = "compress_convert"


class CropMethod(StrEnum):
    """A way to fill a box exactly."""

    COVER = "cover"
    """Cut away what is least important."""
    THUMB = "thumb"
    """As `cover`; an object on a plain background keeps its edges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A box to fill, in pixels."""

    method: CropMethod
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """The options of the images of a job."""

    compression: Compression = Compression.MEDIUM
    quality: int | None = None
    """A quality from 1 to 100 on the perceptual scale, in place of `compression`."""
    target_format: str | None = None
    """A name in `TARGET_FORMATS`; None keeps the format of the source."""
    smallest_of: tuple[str, ...] = ()
    """Names of formats, of which the one with the smallest file is wanted."""
    always_convert: bool = False
    """True where a converted file is wanted even if it is larger."""
    also_webp: bool = False
    keep_exif: bool = False
    cmyk_to_rgb: bool = False
    max_width: int | None = None
    max_height: int | None = None
    crop: Crop | None = None
    background: tuple[int, int, int] | None = None
    """The colour, in sRGB, that takes the place of transparency."""
    keep: tuple[str, ...] = ()
    """The kinds of metadata to keep: `copyright`, `creation`, `location`."""
