"""The image formats that the engine knows: one row for each.

A format is its row here and its package in `formats/`, which is named as the row is:

* `formats/<name>/header.py` tells its files by their content and reads their headers;
* `formats/<name>/codec.py` decodes and encodes (`formats/codec.py` says what a codec is).

Everything else about a format reads its row. Formats are told apart in the order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """The traits of a format: its names, and what it can hold."""

    extension: str
    """Its usual file extension, without a dot."""
    title: str
    """Its name, as people write it."""
    content_type: str
    """The registered media type."""
    is_target: bool = False
    """An image of another format can be converted to it."""
    opens_anywhere: bool = False
    """A file of it is asked for so that it can be opened anywhere, even where it is larger."""
    has_alpha: bool = True
    """It holds transparency."""
    is_lossy_only: bool = False
    """New pixels cannot be put into it without loss."""
    has_cmyk: bool = False
    """It holds CMYK as well as gray and RGB."""
    keeps_orientation: bool = False
    """Its lossless coding keeps the order of the pixels, and so the orientation tag."""
    keeps_colours: bool = False
    """A colour can stay exactly as it is, whatever happens to others."""
    shrinks_while_decoding: bool = False
    """A still without alpha can be decoded at a fraction of its size, in less time."""


class Format(StrEnum):
    """An image format, named by its usual file extension. APNG is PNG with frames."""

    JPEG = Traits(
        extension="jpg",
        title="JPEG",
        content_type="image/jpeg",
        is_target=True,
        opens_anywhere=True,
        has_alpha=False,
        is_lossy_only=True,
        has_cmyk=True,
        keeps_orientation=True,
        shrinks_while_decoding=True,
    )
    PNG = Traits(
        extension="png",
        title="PNG",
        content_type="image/png",
        is_target=True,
        opens_anywhere=True,
        keeps_colours=True,
    )
    GIF = Traits(extension="gif", title="GIF", content_type="image/gif", keeps_colours=True)
    WEBP = Traits(
        extension="webp",
        title="WebP",
        content_type="image/webp",
        is_target=True,
        shrinks_while_decoding=True,
    )
    AVIF = Traits(
        extension="avif",
        title="AVIF",
        content_type="image/avif",
        is_target=True,
        is_lossy_only=True,
    )
    SVG = Traits(extension="svg", title="SVG", content_type="image/svg+xml")

    traits: Traits

    def __new__(cls, traits: Traits | str) -> Self:
        """Make a member of its row. `Format("jpg")` finds one and does not come here."""
        if isinstance(traits, str):
            raise TypeError(traits)
        member = str.__new__(cls, traits.extension)
        member._value_ = traits.extension
        member.traits = traits
        return member

    @property
    def content_type(self) -> str:
        """The registered media type."""
        return self.traits.content_type

    @property
    def package(self) -> str:
        """The name of its package in `formats/`."""
        return self.name.lower()


TARGETS = tuple(format_ for format_ in Format if format_.traits.is_target)
"""The formats that an image can be converted to."""
