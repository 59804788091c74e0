"""Tells an image's format by its content, never by its name or by what a header claims."""

from __future__ import annotations

import re

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.model import Format

_AVIF_BRANDS = {b"avif", b"avis", b"mif1", b"msf1", b"miaf", b"MA1A", b"MA1B"}
# An XML document whose first element is <svg>, after declaration, comments and doctype.
_SVG = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,400}\?>\s*)?"
    rb"(?:<!--.{0,4000}?-->\s*|<\?[^>]{0,400}\?>\s*)*"
    rb"(?:<!DOCTYPE\s[^\[>]{0,400}(?:\[.{0,8000}?\]\s*)?>\s*)?(?:<!--.{0,4000}?-->\s*)*"
    rb"<(?:[A-Za-z_][\w.-]{0,40}:)?svg[\s>/]",
    re.DOTALL,
)


def sniff(source: bytes) -> Format:
    """The format of `source`.

    Raises:
        Refused: `UNSUPPORTED_FORMAT` if it is none of the supported ones.
    """
    if source[:3] == b"\xff\xd8\xff":
        return Format.JPEG
    if source[:8] == b"\x89PNG\r\n\x1a\n":
        return Format.PNG
    if source[:6] in (b"GIF87a", b"GIF89a"):
        return Format.GIF
    if source[:4] == b"RIFF" and source[8:12] == b"WEBP":
        return Format.WEBP
    if source[4:8] == b"ftyp" and _is_avif(source):
        return Format.AVIF
    if _SVG.match(source[:65_536]):
        return Format.SVG
    raise Refused(Reason.UNSUPPORTED_FORMAT)


def _is_avif(source: bytes) -> bool:
    """True for AV1 in HEIF (AVIF, ISO 23000-22); HEIC shares the container but not the brand."""
    size = min(int.from_bytes(source[:4], "big"), 256)
    brands = {source[8:12]} | {source[i : i + 4] for i in range(16, size, 4)}
    return bool(brands & {b"avif", b"avis"}) and bool(brands & _AVIF_BRANDS)
