"""Keep some properties of an XMP packet and leave out all others (ISO 16684-1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from leanpix_engine.model import Metadata

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
_PREFIXES: Final = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://creativecommons.org/ns#": "cc",
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    _RDF: "rdf",
    _XML: "xml",
}
_PROPERTIES: Final = {
    Metadata.COPYRIGHT: re.compile(
        r"dc:(rights|creator)|xmpRights:.*|cc:.*|photoshop:Credit"
        r"|plus:(CopyrightOwner.*|Licensor.*|ImageCreator.*)"
    ),
    Metadata.CREATION: re.compile(
        r"xmp:CreateDate|photoshop:DateCreated|exif:DateTime(Original|Digitized)"
    ),
    Metadata.LOCATION: re.compile(r"exif:GPS.*"),
}
_NOT_READ: Final = (b"<!DOCTYPE", b"<!ENTITY", b"\0")
"""Entities, and UTF-16, in which they could hide."""
_DEEPEST: Final = 8
_MOST_BYTES: Final = 1_000_000


def selected(packet: bytes, kinds: AbstractSet[Metadata]) -> bytes | None:
    """Return a new packet with the properties of these kinds; None where it has none of them.

    A packet that is no XML, or that declares entities, counts as one without properties.
    """
    packet = packet.strip(b"\0 \r\n\t")
    if len(packet) > _MOST_BYTES or any(sign in packet for sign in _NOT_READ):
        return None
    try:
        root = ET.fromstring(packet)  # noqa: S314 - no packet with a document type comes here
    except (ET.ParseError, ValueError, LookupError):
        return None
    patterns = [pattern for kind, pattern in _PROPERTIES.items() if kind in kinds]
    kept = [
        text
        for name, text in _properties(root)
        if any(pattern.fullmatch(name) for pattern in patterns)
    ]
    if not kept:
        return None
    body = "".join(kept)
    names = "".join(
        f" xmlns:{prefix}={quoteattr(uri)}"
        for uri, prefix in _PREFIXES.items()
        if uri == _RDF or (uri != _XML and f"{prefix}:" in body)
    )
    text = (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF{names}>'
        f'<rdf:Description rdf:about="">{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
    )
    return text.encode()


def _properties(root: ET.Element) -> Iterator[tuple[str, str]]:
    """Yield the name and the element of each property, whichever of two ways it is written."""
    for description in root.iter(f"{{{_RDF}}}Description"):
        for attribute, value in description.attrib.items():
            name = _name(attribute)
            if name:
                yield name, f"<{name}>{escape(value)}</{name}>"
        for child in description:
            name, text = _name(child.tag), _text(child)
            if name and text:
                yield name, text


def _name(tag: str) -> str | None:
    """Return a name with its usual prefix; None for one of another vocabulary."""
    uri, _, local = tag.removeprefix("{").rpartition("}")
    return f"{_PREFIXES[uri]}:{local}" if uri in _PREFIXES else None


def _text(element: ET.Element, depth: int = 0) -> str | None:
    """Return an element as text; None where a name in it is of another vocabulary."""
    if depth > _DEEPEST:
        return None
    name = _name(element.tag)
    attributes = {_name(key): value for key, value in element.attrib.items()}
    children = [_text(child, depth + 1) for child in element]
    if name is None or None in attributes or None in children:
        return None
    inside = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    body = escape((element.text or "").strip()) + "".join(child or "" for child in children)
    return f"<{name}{inside}>{body}</{name}>"
