"""The engine's public types: options and limits in, facts and results out."""

from __future__ import annotations

from collections.abc import Iterator
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


class Metadata(StrEnum):
    """A kind of metadata that an output may keep; whatever is not asked for goes."""

    EXIF = "exif"
    """The whole EXIF block, with the orientation set right; a GPS position is part of it."""
    ICC = "icc"
    """The colour profile, byte for byte. Without it, sRGB's own profile is left out, for it says
    nothing; another one stays as long as the pixels are in its colours."""
    XMP = "xmp"
    """The whole XMP packet."""
    COPYRIGHT = "copyright"
    """Who made the image and whose it is: of EXIF and XMP these properties alone."""
    CREATION = "creation"
    """When it was made: of EXIF and XMP these properties alone."""
    LOCATION = "location"
    """Where it was made: of EXIF and XMP the GPS properties alone."""


ALL_METADATA = frozenset({Metadata.EXIF, Metadata.XMP})
"""The kinds that contain all others but the profile."""


class CropMethod(StrEnum):
    """A way to bring an image to an exact size."""

    COVER = "cover"
    """Fill the size and cut off what matters least."""
    THUMB = "thumb"
    """The same; but a subject alone before a plain background is kept whole, with background
    around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """An exact size in pixels.

    An image is never enlarged: a smaller one gets the largest size of these proportions inside it.

    Raises:
        ValueError: a side below 1, or an unknown method.
    """

    method: CropMethod
    width: int
    height: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", CropMethod(self.method))
        if self.width < 1 or self.height < 1:
            message = "the width and the height of crop must be at least 1"
            raise ValueError(message)


_BEST_QUALITY = 100
_MOST_COLOUR = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The caller's wishes for one image.

    Raises:
        ValueError: a number out of its range, a format that is no target, or two options that
            contradict each other.
    """

    level: Level = Level.MEDIUM
    quality: int | None = None
    """1-100 on the scale of libjpeg's quality; takes the place of `level` (see `targets.py`)."""
    target_format: Format | None = None
    """Convert to this format, one of `format.TARGETS`, instead of keeping the source's."""
    smallest_of: tuple[Format, ...] = ()
    """Give the smallest file of these formats that holds the look; in place of `target_format`.
    A format that cannot hold the image, such as JPEG transparency, is passed over."""
    also: tuple[Format, ...] = ()
    """Give the same picture in these formats beside the optimized image, each where it is smaller
    than that, and JPEG and PNG in any case. Takes one decoding and one search's reference."""
    always_convert: bool = False
    """Give a converted file even where it is larger than the source. JPEG and PNG, which are asked
    for so that a file can be opened anywhere, are always given."""
    background: tuple[int, int, int] | None = None
    """The colour (red, green, blue; 0-255, sRGB) laid under what is transparent."""
    keep: frozenset[Metadata] = frozenset()
    """The kinds of metadata that stay; all others go."""
    cmyk_to_rgb: bool = False
    """Convert CMYK images to sRGB by their profile."""
    max_width: int | None = None
    max_height: int | None = None
    """Fit inside these, in pixels, keeping the aspect; an image is never enlarged."""
    long_edge: int | None = None
    """Fit the longer side inside this, in pixels, keeping the aspect."""
    crop: Crop | None = None
    """Bring the image to an exact size; in place of the three options above."""
    max_bytes: int | None = None
    """The most bytes that the output may have: what `level` gives where that fits, or else the
    best look that does. Refused with `cannot_fit` where nothing does."""
    mark: bool = True
    """Write a few bytes into the output that say which quality it was made for, so that it is not
    made worse when it is sent again."""
    assume_pristine: bool = False
    """Take the source for an original: neither its mark nor an estimate of what it has lost limits
    what may be lost."""
    min_saving: float = 0.01
    """Share of the source's bytes that must be saved, or else the result is "no savings"."""

    def __post_init__(self) -> None:
        # Sets and sequences of any kind, and names of the members, are taken for what they say.
        object.__setattr__(self, "keep", frozenset(Metadata(kind) for kind in self.keep))
        for name in ("smallest_of", "also"):
            formats = dict.fromkeys(Format(format_) for format_ in getattr(self, name))
            object.__setattr__(self, name, tuple(formats))
        if self.background is not None:
            red, green, blue = self.background
            object.__setattr__(self, "background", (red, green, blue))
        for is_wrong, message in self._rules():
            if is_wrong:
                raise ValueError(message)

    @property
    def keeps_all_metadata(self) -> bool:
        """True where nothing private has to go."""
        return self.keep >= ALL_METADATA

    def _rules(self) -> Iterator[tuple[bool, str]]:
        """Yield what would be wrong, and the text of the error."""
        quality, background = self.quality, self.background
        yield (
            quality is not None and not 1 <= quality <= _BEST_QUALITY,
            "quality must be between 1 and 100",
        )
        targets = " or ".join(TARGETS)
        for name in ("target_format", "smallest_of", "also"):
            asked = getattr(self, name)
            formats = asked if isinstance(asked, tuple) else (asked,)
            yield any(one not in (None, *TARGETS) for one in formats), f"{name} must be {targets}"
        yield (
            self.target_format is not None and bool(self.smallest_of),
            "target_format and smallest_of exclude each other",
        )
        sizes = {name: getattr(self, name) for name in ("max_width", "max_height", "long_edge")}
        for name, value in (*sizes.items(), ("max_bytes", self.max_bytes)):
            yield value is not None and value < 1, f"{name} must be at least 1"
        yield (
            self.crop is not None and any(value is not None for value in sizes.values()),
            "crop excludes max_width, max_height and long_edge",
        )
        yield (
            background is not None and any(not 0 <= one <= _MOST_COLOUR for one in background),
            "background must be three numbers between 0 and 255",
        )
        yield not 0 <= self.min_saving < 1, "min_saving must be at least 0 and below 1"


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
    also: tuple[Output, ...] = ()
    """The renditions of `Options.also` that were made, in its order."""
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


HDR_TRANSFERS = frozenset({16, 18})
"""The transfers PQ and HLG (ITU-T H.273, table 3): code values that few ways of coding keep."""


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
    hdr: bool = False
    """A PNG whose code values are PQ or HLG (cICP); an AVIF's only its decoder tells."""
    gain_map: bool = False
    """A JPEG that carries an HDR gain map (ISO 21496-1, Ultra HDR, Apple)."""
    subsampled: bool = False
    """A JPEG with chroma at less than full resolution."""

    @property
    def animated(self) -> bool:
        """True with more than one frame."""
        return self.frames > 1
