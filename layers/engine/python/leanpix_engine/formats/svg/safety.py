"""Take out of an SVG document what runs, loads or expands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast
from xml.etree import ElementTree as ET

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.limits import Limits

_MAX_DEPTH = 256
_MAX_ATTRIBUTES = 1_000
_REMOVED = {"script", "iframe", "object", "embed", "handler", "listener"}
_LINKS = {"href", "src", "{http://www.w3.org/1999/xlink}href"}
_INNER_LINK = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp)[;,])", re.IGNORECASE)
_OUTER_STYLE = re.compile(
    r"\\|@import|expression\(|javascript:|image-set\(|(?<![\w-])src\("
    r"|url\(\s*['\"]?\s*(?!['\"]?(#|data:image/))",
    re.IGNORECASE,
)
"""With any escape of CSS, under which the rest could hide (CSS Syntax 3, section 4.3.7)."""
_BLANKS = re.compile(r"[\x00-\x20]+")
_XHTML = "{http://www.w3.org/1999/xhtml}"
_ENTITY = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
_DOCTYPE_START = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_QUOTED = rb"\"[^\"]*+\"|'[^']*+'"
_DECLARATION = rb"<!(?:ATTLIST|ELEMENT)\s(?:[^<>\"'%]|" + _QUOTED + rb")*+>"
_DOCTYPE = re.compile(
    rb"<!DOCTYPE(?:[^\[\]<>\"']|" + _QUOTED + rb")*+"
    rb"(?:\[(?:\s++|<!--.*?-->|" + _DECLARATION + rb")*+\]\s*+)?>",
    re.IGNORECASE | re.DOTALL,
)
"""A document type whose own part declares elements and attributes at most (XML 1.0, 2.8).

What it declares as defaults is not applied: a long default would count once for every element.
"""
_OTHER_ENCODING = re.compile(
    rb"\A\s*<\?xml[^>]*encoding\s*=\s*['\"](?!utf-8|us-ascii)", re.IGNORECASE
)

for _prefix, _uri in {
    "": "http://www.w3.org/2000/svg",
    "xlink": "http://www.w3.org/1999/xlink",
}.items():
    ET.register_namespace(_prefix, _uri)


def safe(source: bytes, limits: Limits) -> bytes:
    """Return the document of `safe_root`.

    Raises:
        Refused: see `safe_root`.
    """
    return written(safe_root(source, limits))


def is_safe(document: bytes, limits: Limits) -> bool:
    """Return True where nothing has to be taken out of a document."""
    try:
        return safe(document, limits) == written(_parsed(document, limits))
    except Refused:
        return False


def written(root: ET.Element) -> bytes:
    """Return a document as UTF-8, without an XML declaration."""
    return cast("bytes", ET.tostring(root, encoding="utf-8", xml_declaration=False))


def safe_root(source: bytes, limits: Limits) -> ET.Element:
    """Parse a document without scripts, event handlers, references to the outside and a DOCTYPE.

    Raises:
        Refused: entities, foreign content that only a browser draws, damage, too many elements.
    """
    if len(source) > limits.max_svg_bytes:
        raise Refused(Reason.TOO_LARGE)
    root = _parsed(_without_doctype(source), limits)
    for parent in list(root.iter()):
        for child in list(parent):
            if name_of(child) in _REMOVED or child.tag.startswith(_XHTML):
                parent.remove(child)
        _clean_attributes(parent)
        if name_of(parent) == "style" and _OUTER_STYLE.search(parent.text or ""):
            raise Refused(Reason.UNSAFE_CONTENT, "This SVG has styles that load from elsewhere.")
    return root


def name_of(element: ET.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _without_doctype(source: bytes) -> bytes:
    # Matched at one place only: many of them would cost a look each.
    start = _DOCTYPE_START.search(source)
    found = _DOCTYPE.match(source, start.start()) if start else None
    plain = source[: found.start()] + source[found.end() :] if found else source
    unread = _ENTITY.search(source) or _DOCTYPE_START.search(plain)
    if unread or _OTHER_ENCODING.search(source) or b"\x00" in source:
        text = "This SVG declares entities or an unusual encoding, which is not safe to read."
        raise Refused(Reason.UNSAFE_CONTENT, text)
    return plain


def _parsed(document: bytes, limits: Limits) -> ET.Element:
    # expat expands no entities here: `_without_doctype` leaves no document type to declare any.
    depth = count = 0
    root: ET.Element | None = None
    try:
        for event, element in _events(document):
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            count += event == "start"
            if depth > _MAX_DEPTH or count > limits.max_svg_elements:
                raise Refused(Reason.TOO_LARGE, "The SVG has too many or too deep elements.")
            if len(element.attrib) > _MAX_ATTRIBUTES:
                raise Refused(Reason.TOO_LARGE, "The SVG has an element of many attributes.")
            if name_of(element) == "foreignObject":
                text = "SVG with foreign content (foreignObject) is not supported."
                raise Refused(Reason.UNSAFE_CONTENT, text)
    except ET.ParseError as error:
        raise Refused(Reason.CORRUPT_IMAGE) from error
    if root is None:
        raise Refused(Reason.CORRUPT_IMAGE)
    return root


def _events(document: bytes) -> Iterator[tuple[str, ET.Element]]:
    """Yield starts and ends of elements as they are read.

    Raises:
        ParseError: the document is not well-formed.
    """
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    for at in range(0, len(document), 65_536):
        parser.feed(document[at : at + 65_536])
        yield from cast("Iterator[tuple[str, ET.Element]]", parser.read_events())
    # expat puts off what does not end in one piece, and may read it only now.
    parser.close()
    yield from cast("Iterator[tuple[str, ET.Element]]", parser.read_events())


def _clean_attributes(element: ET.Element) -> None:
    for name, value in list(element.attrib.items()):
        local = name.rpartition("}")[2].lower()
        outer = name in _LINKS and not _INNER_LINK.match(value) and name_of(element) != "a"
        scripted = local.startswith("on") or "javascript:" in _BLANKS.sub("", value).lower()
        styled = ("(" in value or local == "style") and _OUTER_STYLE.search(value)
        animated_link = (
            name_of(element) in {"set", "animate"}
            and local == "attributename"
            and (value.endswith("href") or value.startswith("on"))
        )
        if outer or scripted or styled or animated_link:
            del element.attrib[name]
