"""Tell an image's format by its content, never by its name or by what a header claims."""

from __future__ import annotations

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.registry import header_of

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""HEVC in HEIF (ISO 23008-12, B.4.1), and HEIF of whichever coding."""
_HEIC_TEXT = (
    "This is a HEIC photo, which is not supported; export it as JPEG "
    "(on an iPhone: Settings, Camera, Formats, Most Compatible)."
)


def sniff(source: bytes) -> Format:
    """Return the format of `source`.

    Raises:
        Refused: `UNSUPPORTED_FORMAT` if it is none of the supported ones.
    """
    for format_ in Format:
        if header_of(format_).matches(source):
            return format_
    if source[4:8] == b"ftyp" and source[8:12] in _HEIC_BRANDS:
        raise Refused(Reason.UNSUPPORTED_FORMAT, _HEIC_TEXT)
    raise Refused(Reason.UNSUPPORTED_FORMAT)
