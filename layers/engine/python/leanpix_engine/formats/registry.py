"""Find a format's modules by its row in `format.py`.

They are loaded when they are first asked for: headers need no imaging library, and who reads them
loads none.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from leanpix_engine.picture.exif import NOTHING, Kept

if TYPE_CHECKING:
    from leanpix_engine.format import Format
    from leanpix_engine.formats.codec import Codec
    from leanpix_engine.formats.history.mark import Place
    from leanpix_engine.limits import Limits
    from leanpix_engine.model import Probe


class Header(Protocol):
    """The contents of each format's `header` module."""

    MARK: Place | None
    """The place of our mark in a file; None for a format that has no room for one."""

    def matches(self, source: bytes) -> bool:
        """Return True where the content is a file's of this format."""

    def without_metadata(self, source: bytes, kept: Kept = NOTHING) -> bytes:
        """Return a file without EXIF, XMP, IPTC, comments and the like, its pixels untouched.

        Args:
            source: the file.
            kept: what it is to carry all the same, where the format has a place for it.
        """

    def read(self, source: bytes, limits: Limits) -> Probe:
        """Return the facts of a file of this format.

        Raises:
            Refused: damage, a feature that is not supported, more than the limits allow.
        """


@cache
def header_of(format_: Format) -> Header:
    """Return the header reader of a format."""
    return cast("Header", _module(format_, "header"))


@cache
def codec_of(format_: Format) -> Codec:
    """Return the codec of a format."""
    return cast("Codec", _module(format_, "codec"))


def _module(format_: Format, name: str) -> object:
    return import_module(f"leanpix_engine.formats.{format_.package}.{name}")
