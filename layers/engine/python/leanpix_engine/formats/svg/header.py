"""Read the size that an SVG asks for (SVG 2, section 8): width and height, else the view box."""

from __future__ import annotations

import re
from itertools import islice

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.history import mark
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.exif import NOTHING, Kept

# An XML document whose first element is <svg>, after declaration, comments and doctype.
_DOCUMENT = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,400}\?>\s*)?"
    rb"(?:<!--.{0,4000}?-->\s*|<\?[^>]{0,400}\?>\s*)*"
    rb"(?:<!DOCTYPE\s[^\[>]{0,400}(?:\[.{0,8000}?\]\s*)?>\s*)?(?:<!--.{0,4000}?-->\s*)*"
    rb"<(?:[A-Za-z_][\w.-]{0,40}:)?svg[\s>/]",
    re.DOTALL,
)

MARK = mark.SVG
"""The place of our mark in a file."""
_HEAD_BYTES = 65_536
_START = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,40}:)?svg\b")
_ATTRIBUTES = re.compile(rb"((?:[^>\"']|\"[^\"]{0,4000}\"|'[^']{0,4000}'){0,20000})>")
_MAX_STARTS = 8
"""Starts of a root to look at, for some may stand in comments before it."""
_MAX_LENGTH = 1e9
_PIXELS_PER_UNIT = {
    b"": 1.0,
    b"px": 1.0,
    b"pt": 96 / 72,
    b"pc": 16.0,
    b"in": 96.0,
    b"cm": 96 / 2.54,
    b"mm": 96 / 25.4,
}
_DEFAULT_SIZE = (
    300,
    150,
)  # what a browser gives a side that a document without a ratio leaves out (CSS 2.2, 10.3.2)


def matches(source: bytes) -> bool:
    """Return True for an XML document whose first element is `svg`."""
    return _DOCUMENT.match(source[:_HEAD_BYTES]) is not None


def read(source: bytes, limits: Limits) -> Probe:
    """Return the facts of an SVG file."""
    if len(source) > limits.max_svg_bytes:
        raise Refused(Reason.TOO_LARGE)
    attributes = _root_attributes(source)
    width, height = _length(attributes, b"width"), _length(attributes, b"height")
    box = _view_box(attributes)
    if box and (width is None or height is None):
        aspect = box[1] / box[0]
        if not 1 / _MAX_LENGTH < aspect < _MAX_LENGTH:
            raise Refused(Reason.CORRUPT_IMAGE)
        if width is not None:
            height = width * aspect
        elif height is not None:
            width = height / aspect
        else:
            width, height = box
    return Probe(
        format=Format.SVG,
        width=_whole(_DEFAULT_SIZE[0] if width is None else width),
        height=_whole(_DEFAULT_SIZE[1] if height is None else height),
        alpha=True,
        lossless=True,
    )


def _root_attributes(source: bytes) -> bytes:
    for start in islice(_START.finditer(source), _MAX_STARTS):
        found = _ATTRIBUTES.match(source, start.end())
        if found:
            return found.group(1)
    raise Refused(Reason.CORRUPT_IMAGE)


def _whole(length: float) -> int:
    return max(1, round(min(length, _MAX_LENGTH)))


def _attribute(attributes: bytes, name: bytes) -> bytes | None:
    found = re.search(rb"(?:^|\s)" + name + rb"\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", attributes)
    return (found.group(1) or found.group(2) or b"") if found else None


def _length(attributes: bytes, name: bytes) -> float | None:
    """Return a length in CSS pixels; None for a percentage or none."""
    found = re.fullmatch(
        rb"\s*\+?([\d.]{1,12}(?:e[+-]?\d{1,2})?)\s*(\w{0,2})\s*",
        _attribute(attributes, name) or b"",
    )
    if not found or found.group(2) not in _PIXELS_PER_UNIT:
        return None
    try:
        value = float(found.group(1)) * _PIXELS_PER_UNIT[found.group(2)]
    except ValueError:
        return None
    return value if value > 0 else None


def _view_box(attributes: bytes) -> tuple[float, float] | None:
    parts = re.split(rb"[\s,]+", (_attribute(attributes, b"viewBox") or b"").strip())
    try:
        width, height = float(parts[2]), float(parts[3])
    except (IndexError, ValueError):
        return None
    return (width, height) if 0 < width < 1e9 and 0 < height < 1e9 else None


def without_metadata(source: bytes, kept: Kept = NOTHING) -> bytes:
    """Return the drawing as it is: the codec's passes drop what editors leave in it."""
    del kept  # the format has no place for it
    return source
