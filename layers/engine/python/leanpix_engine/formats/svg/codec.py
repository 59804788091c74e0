"""Make SVG safe, minify it by scour, and draw it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as ET

from scour import scour

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.formats.svg import header as svg_header
from leanpix_engine.limits import Limits
from leanpix_engine.picture.decode import from_vips, refusal_of
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search.ladder import Candidate, Ladder

_MAX_DEPTH = 256
_DIGITS = (4, 6)
"""Significant digits of coordinates, fewest first; what draws the same is kept."""
_REMOVED = {"script", "iframe", "object", "embed", "handler", "listener"}
_LINKS = {"href", "src", "{http://www.w3.org/1999/xlink}href"}
_INNER_LINK = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp)[;,])", re.IGNORECASE)
_OUTER_STYLE = re.compile(
    r"\\|@import|expression\(|javascript:|url\(\s*['\"]?\s*(?!['\"]?(#|data:image/))",
    re.IGNORECASE,
)
"""With any escape of CSS, under which the rest could hide (CSS Syntax 3, section 4.3.7)."""
_BLANKS = re.compile(r"[\x00-\x20]+")
_XHTML = "{http://www.w3.org/1999/xhtml}"
_MAX_ATTRIBUTES = 1_000
_ENTITY = re.compile(rb"<!\s*ENTITY|<!DOCTYPE[^>]*\[", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*>", re.IGNORECASE)
_OTHER_ENCODING = re.compile(
    rb"\A\s*<\?xml[^>]*encoding\s*=\s*['\"](?!utf-8|us-ascii)", re.IGNORECASE
)

for _prefix, _uri in {
    "": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
}.items():
    ET.register_namespace(_prefix, _uri)
# libvips counts librsvg among the untrusted; it gets only documents that `_safe` has made.
pyvips.operation_block_set("VipsForeignLoadSvg", False)


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Return the document as librsvg draws it at its own size.

    Raises:
        Refused: damage, entities, more elements or pixels than the limits allow.
    """
    facts = svg_header.read(source, limits)
    if facts.width * facts.height > limits.max_svg_pixels:
        raise Refused(Reason.TOO_LARGE, "The SVG asks for more pixels than the limits allow.")
    root = _safe_root(source, limits)
    # librsvg would take the size of what is drawn where the document leaves one out.
    root.set("width", str(facts.width))
    root.set("height", str(facts.height))
    try:
        image = pyvips.Image.svgload_buffer(ET.tostring(root, encoding="utf-8"))
        if image.width * image.height > limits.max_svg_pixels:
            raise Refused(Reason.TOO_LARGE, "The SVG asks for more pixels than the limits allow.")
        return from_vips(image)
    except pyvips.Error as error:
        raise refusal_of(error) from error


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the safe document, minified with few digits and with more."""
    if task.source is None:
        return
    safe = _safe(task.source, task.limits)
    yield Candidate(data=safe, how="safe")
    for digits in _DIGITS:
        minified = _minified(safe, digits)
        if minified:
            yield Candidate(data=minified, how=f"scour {digits}")


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield nothing: a drawing has no quality to turn."""
    del task, goal
    return iter(())


def _minified(safe: bytes, digits: int) -> bytes | None:
    """Return the document by scour; None where it stumbles over numbers, paths or styles."""
    options = scour.sanitizeOptions()
    options.digits = digits
    options.remove_metadata = True
    options.remove_descriptive_elements = False
    options.strip_comments = True
    options.strip_xml_prolog = True
    options.strip_xml_space_attribute = False
    options.indent_type = "none"
    options.newlines = False
    options.keep_editor_data = False
    options.renderer_workaround = True
    options.quiet = True
    try:
        return str(scour.scourString(safe.decode(), options)).strip().encode()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None


def _safe(source: bytes, limits: Limits) -> bytes:
    """Return the document of `_safe_root`."""
    root = _safe_root(source, limits)
    return cast("bytes", ET.tostring(root, encoding="utf-8", xml_declaration=False))


def _safe_root(source: bytes, limits: Limits) -> ET.Element:
    """Return the document without scripts, event handlers, outer references and a DOCTYPE.

    Raises:
        Refused: entities, foreign content that only a browser draws, damage, too many elements.
    """
    if len(source) > limits.max_svg_bytes:
        raise Refused(Reason.TOO_LARGE)
    if _ENTITY.search(source) or _OTHER_ENCODING.search(source) or b"\x00" in source:
        text = "This SVG declares entities or an unusual encoding, which is not safe to read."
        raise Refused(Reason.UNSAFE_CONTENT, text)
    root = _parsed(_DOCTYPE.sub(b"", source), limits)
    for parent in list(root.iter()):
        for child in list(parent):
            if _name(child) in _REMOVED or child.tag.startswith(_XHTML):
                parent.remove(child)
        _clean_attributes(parent)
        if _name(parent) == "style" and _OUTER_STYLE.search(parent.text or ""):
            raise Refused(Reason.UNSAFE_CONTENT, "This SVG has styles that load from elsewhere.")
    return root


def _parsed(document: bytes, limits: Limits) -> ET.Element:
    # expat expands no entities here: none is declared, or `_ENTITY` would have matched.
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    depth = count = 0
    root: ET.Element | None = None
    try:
        for at in range(0, len(document), 65_536):
            parser.feed(document[at : at + 65_536])
            for event, element in cast("Iterator[tuple[str, ET.Element]]", parser.read_events()):
                root = element if root is None else root
                depth += 1 if event == "start" else -1
                count += event == "start"
                if depth > _MAX_DEPTH or count > limits.max_svg_elements:
                    raise Refused(Reason.TOO_LARGE, "The SVG has too many or too deep elements.")
                if len(element.attrib) > _MAX_ATTRIBUTES:
                    raise Refused(Reason.TOO_LARGE, "The SVG has an element of many attributes.")
                if _name(element) == "foreignObject":
                    text = "SVG with foreign content (foreignObject) is not supported."
                    raise Refused(Reason.UNSAFE_CONTENT, text)
        parser.close()
    except ET.ParseError as error:
        raise Refused(Reason.CORRUPT_IMAGE) from error
    if root is None:
        raise Refused(Reason.CORRUPT_IMAGE)
    return root


def _clean_attributes(element: ET.Element) -> None:
    for name, value in list(element.attrib.items()):
        local = name.rpartition("}")[2].lower()
        outer = name in _LINKS and not _INNER_LINK.match(value) and _name(element) != "a"
        scripted = local.startswith("on") or "javascript:" in _BLANKS.sub("", value).lower()
        styled = ("url(" in value or local == "style") and _OUTER_STYLE.search(value)
        animated_link = (
            _name(element) in {"set", "animate"}
            and local == "attributename"
            and (value.endswith("href") or value.startswith("on"))
        )
        if outer or scripted or styled or animated_link:
            del element.attrib[name]


def _name(element: ET.Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2]


def source_score(source: bytes, picture: Picture) -> float:
    """Return 100: a drawing has no pixels to lose; see `formats/codec.py`."""
    return PRISTINE
