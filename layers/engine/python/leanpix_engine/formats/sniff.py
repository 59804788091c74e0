"""Tell an image's format by its content, never by its name or by what a header claims."""

from __future__ import annotations

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.registry import header_of


def sniff(source: bytes) -> Format:
    """Return the format of `source`.

    Raises:
        Refused: `UNSUPPORTED_FORMAT` if it is none of the supported ones.
    """
    for format_ in Format:
        if header_of(format_).matches(source):
            return format_
    raise Refused(Reason.UNSUPPORTED_FORMAT)
