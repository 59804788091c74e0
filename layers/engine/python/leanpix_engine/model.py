"""The engine's public types: options and limits in, facts and results out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leanpix_engine.format import TARGETS, Format


class Level(StrEnum):
    """The loss that an image may take."""

    LOSSLESS = "lossless"
    """Every pixel stays what it was."""
    MEDIUM = "medium"
    """No visible loss for nearly everybody: SSIMULACRA2 77."""
    HIGH = "high"
    """Smaller still, with loss that one sees when looking for it: SSIMULACRA2 65."""


_BEST_QUALITY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The caller's wishes for one image.

    Raises:
        ValueError: a number out of its range, or a format that is no target.
    """

    level: Level = Level.MEDIUM
    quality: int | None = None
    """1-100 on the scale of libjpeg's quality; takes the place of `level` (see `targets.py`)."""
    target_format: Format | None = None
    """Convert to this format, one of `format.TARGETS`, instead of keeping the source's."""
    also_webp: bool = False
    """Give a WebP beside the optimized image."""
    keep_exif: bool = False
    """Keep EXIF and XMP (with any GPS position); they are stripped otherwise."""
    cmyk_to_rgb: bool = False
    """Convert CMYK images to sRGB by their profile."""
    max_width: int | None = None
    max_height: int | None = None
    """Fit inside these, in pixels, keeping the aspect; an image is never enlarged."""
    mark: bool = True
    """Write a few bytes into the output that say which quality it was made for, so that it is not
    made worse when it is sent again."""
    assume_pristine: bool = False
    """Take the source for an original: neither its mark nor an estimate of what it has lost limits
    what may be lost."""
    min_saving: float = 0.01
    """Share of the source's bytes that must be saved, or else the result is "no savings"."""

    def __post_init__(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= _BEST_QUALITY:
            message = "quality must be between 1 and 100"
            raise ValueError(message)
        if self.target_format not in (None, *TARGETS):
            message = f"target_format must be {' or '.join(TARGETS)}"
            raise ValueError(message)
        for side in (self.max_width, self.max_height):
            if side is not None and side < 1:
                message = "max_width and max_height must be at least 1"
                raise ValueError(message)
        if not 0 <= self.min_saving < 1:
            message = "min_saving must be at least 0 and below 1"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An optimized file."""

    data: bytes
    format: Format
    width: int
    height: int
    quality: float | None
    """The encoder's own quality that the search chose; None where nothing was lost."""
    score: float | None
    """SSIMULACRA2 against the source by the engine's metric; None where nothing was lost."""
    decided_by: str | None = None
    """The rule or the second opinion that decided the quality in place of the score; see
    `judge/rules.py` and `judge/opinions.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome for an image. `width`, `height`, `frames` are the source's, as seen."""

    original_size: int
    original_format: Format
    width: int
    height: int
    frames: int
    output: Output | None
    also_webp: Output | None
    reason: str | None
    """Why there is no output: "no_savings", or "no_lossless_form" for a lossless conversion to a
    format that cannot hold the image without loss. "gain_map_kept", "hdr_kept", "animation_kept"
    and "depth_kept" name what could only be kept by leaving the file alone. None where there is
    an output."""
    seconds: float

    @property
    def saved_bytes(self) -> int:
        """Bytes saved by `output`; 0 where there is none. Negative only for a conversion."""
        return self.original_size - len(self.output.data) if self.output else 0

    @property
    def saved_share(self) -> float:
        """`saved_bytes` as a share of the source's size."""
        return self.saved_bytes / self.original_size if self.original_size else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """Facts of an image, read from its headers alone. Sizes are as seen, orientation applied."""

    format: Format
    width: int
    height: int
    frames: int = 1
    bits: int = 8
    """Bits per channel."""
    channels: int = 3
    """Colour channels without alpha: 1 gray, 3 colour, 4 CMYK."""
    alpha: bool = False
    orientation: int = 1
    """EXIF orientation, 1-8 (EXIF 2.32, tag 0x0112)."""
    loop: int = 0
    """How often an animation plays; 0 is for ever."""
    lossless: bool = False
    """The file's own coding keeps every pixel."""
    gain_map: bool = False
    """A JPEG that carries an HDR gain map (ISO 21496-1, Ultra HDR, Apple)."""
    subsampled: bool = False
    """A JPEG with chroma at less than full resolution."""

    @property
    def animated(self) -> bool:
        """True with more than one frame."""
        return self.frames > 1
