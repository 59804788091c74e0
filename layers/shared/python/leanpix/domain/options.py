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


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """The options of the images of a job."""

    compression: Compression = Compression.MEDIUM
    quality: int | None = None
    """A quality from 1 to 100 on the perceptual scale, in place of `compression`."""
    target_format: str | None = None
    """A name in `TARGET_FORMATS`; None keeps the format of the source."""
    also_webp: bool = False
    keep_exif: bool = False
    cmyk_to_rgb: bool = False
    max_width: int | None = None
    max_height: int | None = None
