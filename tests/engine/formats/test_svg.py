"""Test SVG files."""

from __future__ import annotations

import pytest

from leanpix_engine import Format, Limits, Options, Reason, Refused, optimize
from tests.engine.conftest import opened

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="80" height="60">'
)
SHAPES = """
  <!-- a comment that nobody draws -->
  <g fill="#ff0000" stroke="#000000" stroke-width="2.00000">
    <rect x="10.000000" y="10.000000" width="30.000000" height="20.000000" />
    <circle cx="55.000000" cy="35.000000" r="12.000000" />
  </g>
"""


def document(inside: str = "", *, head: str = HEAD) -> bytes:
    return f'<?xml version="1.0"?>\n{head}{SHAPES}{inside}</svg>'.encode()


def optimized(source: bytes) -> bytes:
    result = optimize(source, Options())
    assert result.output is not None
    return result.output.data


def refusal(source: bytes, limits: Limits | None = None) -> Reason:
    with pytest.raises(Refused) as refused:
        optimize(source, Options(), limits)
    return refused.value.reason


def test_a_drawing_gets_smaller() -> None:
    source = document()
    assert len(optimized(source)) < 0.8 * len(source)


def test_a_drawing_looks_the_same() -> None:
    png = [optimize(data, Options(target_format=Format.WEBP)) for data in (document(),)]
    again = optimize(optimized(document()) + b"\n" * 2000, Options(target_format=Format.WEBP))
    first, second = png[0].output, again.output
    if first and second:
        assert opened(first.data).tobytes() == opened(second.data).tobytes()


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        '<rect onclick="alert(1)" width="1" height="1"/>',
        '<image href="https://example.org/x.png" width="9" height="9"/>',
        '<image xlink:href="file:///etc/passwd" width="9" height="9"/>',
        '<a href="javascript:alert(1)"><rect width="1" height="1"/></a>',
        '<rect style="fill:url(https://example.org/x)" width="1" height="1"/>',
        '<set attributeName="onclick" to="alert(1)"/>',
    ],
)
def test_what_acts_or_loads_is_taken_out(inside: str) -> None:
    done = optimized(document(inside))
    for sign in (b"alert", b"example.org", b"passwd", b"onclick"):
        assert sign not in done or (b"<set" in done and b"attributeName" not in done)


def test_links_inside_the_document_stay() -> None:
    inside = '<defs><rect id="r" width="3" height="3"/></defs><use xlink:href="#r" x="5"/>'
    assert b"#r" in optimized(document(inside))


@pytest.mark.parametrize(
    "source",
    [
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + document(),
        document("<foreignObject><p/></foreignObject>"),
        document("<style>@import url(https://example.org/x.css);</style>"),
    ],
)
def test_what_cannot_be_made_safe_is_refused(source: bytes) -> None:
    assert refusal(source.replace(b'<?xml version="1.0"?>\n', b"")) is Reason.UNSAFE_CONTENT


def test_a_plain_doctype_is_dropped() -> None:
    doctype = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    assert b"DOCTYPE" not in optimized(document().replace(b"?>\n", b"?>\n" + doctype))


def test_too_many_and_too_deep_elements_are_refused() -> None:
    limits = Limits(max_svg_elements=100)
    assert refusal(document("<g/>" * 200), limits) is Reason.TOO_LARGE
    assert refusal(document("<g>" * 300 + "</g>" * 300)) is Reason.TOO_LARGE


def test_a_drawing_of_more_pixels_than_allowed_is_refused() -> None:
    head = HEAD.replace('"80"', '"9000"').replace('"60"', '"9000"')
    assert refusal(document(head=head)) is Reason.TOO_LARGE


def test_damage_is_refused() -> None:
    assert refusal(document()[:-20]) is Reason.CORRUPT_IMAGE


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="100"', (100, 150)),
        ('height="80"', (300, 80)),
        ("", (300, 150)),
        ('width="100%" height="50%"', (300, 150)),
        ('width="100" viewBox="0 0 200 100"', (100, 50)),
        ('width="0" height="10"', (300, 10)),
    ],
)
def test_a_side_left_out_is_what_a_browser_makes_it(
    attributes: str, size: tuple[int, int]
) -> None:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>'
    for drawn in ("", '<path d=""/>'):
        result = optimize(document(drawn, head=head), Options())
        assert (result.width, result.height) == size
        assert result.output is not None
        assert (result.output.width, result.output.height) == size
