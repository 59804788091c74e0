"""Test form bodies as real clients send them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanpix.contract import MAX_INLINE_BYTES, ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.forms import Form, FormFile, parse_form
from leanpix.http import Request

MULTIPART = "multipart/form-data; boundary=b"
URLENCODED = "application/x-www-form-urlencoded"


def parse(body: bytes, content_type: str | None = MULTIPART) -> Form:
    """Parse a body of a type."""
    headers = {"content-type": content_type} if content_type else {}
    return parse_form(Request(method="POST", path="/", headers=headers, body=body))


def part(disposition: bytes, data: bytes, *headers: bytes) -> bytes:
    """Return a body of one part."""
    head = b"\r\n".join([b"Content-Disposition: form-data; " + disposition, *headers])
    return b"--b\r\n" + head + b"\r\n\r\n" + data + b"\r\n--b--\r\n"


@pytest.mark.parametrize("body", [b"", b"--b--", b"--b--\r\n", b"\r\n--b--\r\n"])
def test_an_empty_multipart_is_an_empty_form(body: bytes) -> None:
    """As polls send it."""
    assert parse(body) == Form()


def test_a_part_without_content_type_is_a_file_when_it_has_a_file_name() -> None:
    """The content tells what it is, later."""
    form = parse(part(b'name="file"; filename="a.jpg"', b"\xff\xd8"))
    assert form.files == {"file": FormFile("a.jpg", b"\xff\xd8")}


def test_a_parts_declared_type_does_not_matter() -> None:
    """Clients send octet-stream for everything."""
    body = part(b'name="file"; filename="a"', b"x", b"Content-Type: application/octet-stream")
    assert parse(body).files["file"].data == b"x"


@pytest.mark.parametrize("charset", ["utf-8", "latin-1"])
def test_file_names_are_read_in_utf_8_or_else_latin_1(charset: str) -> None:
    """Old clients send what their system has."""
    body = part('name="file"; filename="größe.jpg"'.encode(charset), b"x")
    assert parse(body).files["file"].file_name == "größe.jpg"


def test_fields_are_read_from_any_of_the_three_types() -> None:
    """Multipart, urlencoded, JSON."""
    expected = {"type": "url", "webp": "1"}
    two = part(b'name="type"', b"url")[: -len(b"--b--\r\n")] + part(b'name="webp"', b"1")
    assert parse(two).fields == expected
    assert parse(b"type=url&webp=1", URLENCODED).fields == expected
    assert parse(b"type=url&webp=1", None).fields == expected
    body = json.dumps({"type": "url", "webp": True, "url": None}).encode()
    assert parse(body, "application/json").fields == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"no parts at all", MULTIPART),
        (b"--b\r\nContent-Disposition: form-data; name=x\r\n\r\ncut off", MULTIPART),
        (b"--b--", "multipart/form-data"),
        (b"[1]", "application/json"),
        (b"{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff=1", URLENCODED),
        (b"&".join(b"a%d=1" % n for n in range(500)), URLENCODED),
    ],
)
def test_a_body_that_is_not_what_it_declares_is_refused(body: bytes, content_type: str) -> None:
    """With a text that says so."""
    with pytest.raises(LeanpixError) as refused:
        parse(body, content_type)
    assert refused.value.name is ErrorName.UNREADABLE_BODY
    assert str(refused.value.facts["kind"]) in content_type + URLENCODED


def test_a_body_over_the_limit_is_too_large() -> None:
    """Before anything of it is read."""
    with pytest.raises(LeanpixError) as refused:
        parse(bytes(MAX_INLINE_BYTES + 1))
    assert refused.value.name is ErrorName.TOO_LARGE


@settings(max_examples=300)
@given(body=st.binary(max_size=300), content_type=st.sampled_from([MULTIPART, URLENCODED, "x"]))
def test_any_body_is_read_or_refused(body: bytes, content_type: str) -> None:
    """Nothing else happens."""
    for candidate in (body, b"--b\r\n" + body + b"\r\n--b--"):
        try:
            parse(candidate, content_type)
        except LeanpixError as error:
            assert error.name is ErrorName.UNREADABLE_BODY  # noqa: PT017 - either is right


def fill_to(size: int) -> bytes:
    """Return a body of one file that has exactly this size."""
    frame = len(part(b'name="file"; filename="a"', b""))
    return part(b'name="file"; filename="a"', b"x" * (size - frame))


def test_a_body_of_exactly_the_inline_limit_is_read() -> None:
    body = fill_to(MAX_INLINE_BYTES)
    assert len(body) == MAX_INLINE_BYTES
    assert len(parse(body).files["file"].data) > MAX_INLINE_BYTES - 200


def test_a_body_of_one_byte_more_is_too_large() -> None:
    with pytest.raises(LeanpixError) as refused:
        parse(fill_to(MAX_INLINE_BYTES + 1))
    assert refused.value.name is ErrorName.TOO_LARGE
