"""What a client asks of an image, whichever API it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Compression(StrEnum):
    """How much may be given up for a smaller file."""

    LOSSLESS = "lossless"
    MEDIUM = "medium"
    HIGH = "high"


class Operation(StrEnum):
    """What is done to the images of a job; MegaOptim's ``type`` of a result."""

    COMPRESS = "compress"
    CONVERT = "convert"
    COMPRESS_CONVERT = "compress_convert"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """How the images of a job are to be optimized."""

    compression: Compression = Compression.MEDIUM
    quality: int | None = None
    """1 to 100 on the perceptual scale; where given, it takes the place of ``compression``."""
    target_format: str | None = None
    """One of `TARGET_FORMATS` by name; None keeps the source's format."""
    also_webp: bool = False
    keep_exif: bool = False
    cmyk_to_rgb: bool = False
    max_width: int | None = None
    max_height: int | None = None
