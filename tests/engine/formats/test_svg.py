"""Test SVG files."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanpix_engine import Format, Level, Limits, Options, Reason, Refused, optimize
from leanpix_engine.formats.svg import codec, passes
from leanpix_engine.formats.svg.drawing import Look, Tolerance
from leanpix_engine.formats.svg.minify import minified
from leanpix_engine.formats.svg.safety import safe
from leanpix_engine.limits import Deadline
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
    assert b'href="#' in optimized(document(inside))


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


def test_a_doctype_that_declares_attributes_is_harmless() -> None:
    doctype = b'<!DOCTYPE svg [<!-- a note > --><!ATTLIST svg a CDATA #FIXED "]>">]>'
    done = optimized(document().replace(b"?>\n", b"?>\n" + doctype))
    assert b"DOCTYPE" not in done
    assert b"]>" not in done


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE svg [<!ATTLIST svg a CDATA #IMPLIED><!ENTITY b "c">]>',
        "<!DOCTYPE svg [%p;]>",
        "<!-- <!DOCTYPE svg> --><!DOCTYPE svg [%p;]>",
    ],
)
def test_a_doctype_that_may_expand_is_refused(doctype: str) -> None:
    assert refusal(doctype.encode() + document()[22:]) is Reason.UNSAFE_CONTENT


def test_an_element_that_only_the_end_of_the_file_completes_is_counted() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(50_000))
    assert refusal(document(f"<g {attributes}/>")) is Reason.TOO_LARGE


def test_ids_that_other_pages_may_use_stay() -> None:
    sprite = '<symbol id="home-icon" viewBox="0 0 9 9"><path d="M0 0h3v3H0z"/></symbol>'
    assert b'id="home-icon"' in optimized(document(sprite))


def test_what_moves_keeps_its_shape_and_its_ids() -> None:
    moving = (
        '<rect id="box" width="9.000" height="9" opacity="0">'
        '<animate attributeName="opacity" to="1" dur="1s"/></rect>'
    )
    done = optimized(document(moving))
    assert b'<rect id="box"' in done
    assert b"<animate" in done


@pytest.mark.parametrize(
    "style",
    ["rect:hover{fill:blue}", "@media (prefers-color-scheme:dark){rect{fill:#fff}}"],
)
def test_styles_that_are_not_drawn_here_stay(style: str) -> None:
    done = optimized(document(f"<style>{style}</style>"))
    assert style.partition("{")[0].encode() in done
    assert b"<rect" in done


def test_names_for_people_stay() -> None:
    head = HEAD.replace("<svg", '<svg role="img" aria-label="A box"')
    done = optimized(document("<title>A box</title>", head=head))
    for kept in (b'role="img"', b'aria-label="A box"', b"<title>A box</title>"):
        assert kept in done


def test_rules_of_classes_that_no_element_has_are_dropped() -> None:
    styles = '<style>.used{fill:red}.unused{fill:blue}</style><path class="used" d="M0 0h5v5z"/>'
    assert b"blue" not in optimized(document(styles))


def test_lossless_draws_the_same_pixels() -> None:
    curve = '<path d="M10.123456 10.654321c5.111111 5.222222 20.333333 1 30.444444 20.5z"/>'
    source = document(curve)
    result = optimize(source, Options(level=Level.LOSSLESS))
    assert result.output is not None
    first, second = (codec.decode(data, Limits()) for data in (source, result.output.data))
    assert first.frames.tobytes() == second.frames.tobytes()


def test_a_thing_of_low_contrast_that_is_gone_is_seen() -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60">'
    whole = f'{head}<path fill="#fff" d="M0 0h60v60H0z"/><path fill="#f4f4f4" d="M9 9h40v40H9z"/>'
    part = whole.partition('<path fill="#f4f4f4"')[0]
    look = Look(f"{whole}</svg>".encode(), Limits(), Tolerance())
    assert look.same(f"{whole}</svg>".encode())
    assert not look.same(f"{part}</svg>".encode())


def test_a_document_of_another_size_does_not_look_the_same() -> None:
    look = Look(document(), Limits(), Tolerance())
    assert not look.same(document(head=HEAD.replace('"80"', '"81"')))


def test_thousands_of_siblings_are_walked_in_linear_time() -> None:
    def seconds(count: int) -> float:
        paths = "".join(f'<path d="M{n % 97} {n % 89}l3 4"/>' for n in range(count))
        text = f"{HEAD}{paths}</svg>"
        started = time.process_time()
        passes.rewrite(text, passes.METADATA, passes.Rounding(2), Deadline(60))
        return time.process_time() - started

    seconds(10)
    assert seconds(8_000) < 12 * seconds(2_000)


numbers = st.floats(-99, 99).map(lambda number: f"{number:.6f}")
commands = st.one_of(
    st.builds("L{} {}".format, numbers, numbers),
    st.builds("h{}".format, numbers),
    st.builds("V{}".format, numbers),
    st.builds("c{} {} {} {} {} {}".format, *[numbers] * 6),
    st.builds("S{} {} {} {}".format, *[numbers] * 4),
    st.builds("q{} {} {} {}".format, *[numbers] * 4),
    st.builds("T{} {}".format, numbers, numbers),
    st.builds("A{0} {0} 0 0 1 {1} {2}".format, st.integers(1, 50), numbers, numbers),
    st.just("z"),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(commands, min_size=1, max_size=12))
def test_any_path_looks_the_same_and_grows_by_nothing(steps: list[str]) -> None:
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100">'
    source = safe(f'{head}<path d="M50 50{"".join(steps)}"/></svg>'.encode(), Limits())
    found = minified(source, Limits(), Deadline(60), Tolerance())
    if found:
        assert len(found.data) < len(source)
        assert Look(source, Limits(), Tolerance()).same(found.data)
