"""Test the bounds of text fields in every encoding of a form, on both sides of each bound."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from leanpix.adapters.dynamodb.items import job_to_items
from leanpix.contract import (
    MAX_CREDENTIAL_CHARACTERS,
    MAX_FIELD_BYTES,
    MAX_URL_CHARACTERS,
    ErrorName,
)
from leanpix.dialects.megaoptim import parse_submission, parse_upload_request
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Job
from leanpix.domain.submission import Link, Submission
from leanpix.http import Request
from tests.handlers import House
from tests.ledger.world import Backend, World

ENCODINGS = ["multipart", "urlencoded", "json"]
URL = "https://example.com/photo.jpg"
LINK = {"type": b"url", "url": URL.encode()}
CREDENTIALS = {**LINK, "http_user": b"ada", "http_pass": b"secret"}
EMOJI = "\N{GRINNING FACE}"
PAGE_BYTES = 1_048_576
"""DynamoDB ends a page of a Query there ("Query", API reference)."""


def encode(fields: dict[str, bytes], encoding: str) -> tuple[bytes, dict[str, str]]:
    """Return a body with these fields, whose values may be no UTF-8, and its headers."""
    if encoding == "multipart":
        body = b"".join(
            f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + value
            + b"\r\n"
            for name, value in fields.items()
        )
        return body + b"--XX--\r\n", {"content-type": "multipart/form-data; boundary=XX"}
    if encoding == "urlencoded":
        body = "&".join(f"{name}={quote_plus(value)}" for name, value in fields.items()).encode()
        return body, {"content-type": "application/x-www-form-urlencoded"}
    pairs = (
        json.dumps(name).encode() + b":" + _json_string(value) for name, value in fields.items()
    )
    return b"{" + b",".join(pairs) + b"}", {"content-type": "application/json"}


def _json_string(value: bytes) -> bytes:
    """Return a JSON string of the same bytes, where JSON allows them as they are."""
    escaped = value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"' + escaped.replace(b"\0", b"\\u0000") + b'"'


def submit(fields: dict[str, bytes], encoding: str, **changed: Any) -> Submission:
    """Parse a submit in an encoding."""
    body, headers = encode({**fields, **changed}, encoding)
    path = "/v1/optimize"
    request = Request(method="POST", path=path, route=path, headers=headers, body=body)
    return parse_submission(request, account_id="acc_1")


def _urls(submission: Submission) -> set[str]:
    """Return every URL of a submission."""
    links = {item.url for item in submission.inputs if isinstance(item, Link)}
    return links | ({submission.callback_url} if submission.callback_url else set())


def refused_fields(fields: dict[str, bytes], encoding: str, **changed: Any) -> list[str]:
    """Return the fields that a refusal names."""
    with pytest.raises(LeanpixError) as refused:
        submit(fields, encoding, **changed)
    assert refused.value.name is ErrorName.INVALID_REQUEST
    problems = refused.value.problems
    assert all(problem.field in problem.text for problem in problems)
    return [problem.field for problem in problems]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("field", ["http_user", "http_pass"])
class TestCredentials:
    """User names and passwords, which are recorded with each image."""

    def test_of_the_longest_length_are_taken(self, encoding: str, field: str) -> None:
        value = "x" * MAX_CREDENTIAL_CHARACTERS
        (link,) = submit(CREDENTIALS, encoding, **{field: value.encode()}).inputs
        assert isinstance(link, Link)
        assert link.credentials
        assert value in {link.credentials.user, link.credentials.password}

    def test_of_one_character_more_are_refused(self, encoding: str, field: str) -> None:
        value = b"x" * (MAX_CREDENTIAL_CHARACTERS + 1)
        assert refused_fields(CREDENTIALS, encoding, **{field: value}) == [field]

    @pytest.mark.parametrize("size", [300_000, 450_000])
    def test_of_any_greater_length_are_refused(self, encoding: str, field: str, size: int) -> None:
        """One of them was a fault, and five of them a job that nobody could read."""
        assert refused_fields(CREDENTIALS, encoding, **{field: b"x" * size}) == [field]

    @pytest.mark.parametrize(
        "value",
        [b"a\xff", b"\xed\xa0\x80", b"a\0b", b"\0"],
        ids=["no UTF-8", "a surrogate in UTF-8", "NUL", "only NUL"],
    )
    def test_that_are_no_text_are_refused(self, encoding: str, field: str, value: bytes) -> None:
        assert refused_fields(CREDENTIALS, encoding, **{field: value}) == [field]

    def test_in_any_script_are_taken(self, encoding: str, field: str) -> None:
        value = f"größe 写真 {EMOJI}"
        (link,) = submit(CREDENTIALS, encoding, **{field: value.encode()}).inputs
        assert isinstance(link, Link)
        assert link.credentials
        assert value in {link.credentials.user, link.credentials.password}


def test_a_lone_surrogate_in_json_is_refused() -> None:
    fields = {"type": "url", "url": URL, "http_user": "\ud800", "http_pass": "x"}
    request = Request(
        method="POST",
        path="/v1/optimize",
        route="/v1/optimize",
        headers={"content-type": "application/json"},
        body=json.dumps(fields).encode(),
    )
    with pytest.raises(LeanpixError) as refused:
        parse_submission(request, account_id="acc_1")
    assert [problem.field for problem in refused.value.problems] == ["http_user"]


@pytest.mark.parametrize("encoding", ENCODINGS)
class TestUrls:
    """URLs of images and of callbacks."""

    @pytest.mark.parametrize("field", ["url", "callback_url"])
    def test_of_the_longest_length_are_taken(self, encoding: str, field: str) -> None:
        value = URL + "?" + "x" * (MAX_URL_CHARACTERS - len(URL) - 1)
        assert value in _urls(submit(LINK, encoding, **{field: value.encode()}))

    @pytest.mark.parametrize("field", ["url", "callback_url"])
    def test_of_one_character_more_are_refused(self, encoding: str, field: str) -> None:
        value = URL + "?" + "x" * (MAX_URL_CHARACTERS - len(URL))
        assert refused_fields(LINK, encoding, **{field: value.encode()}) == [field]

    def test_of_the_most_bytes_are_taken_and_of_more_are_refused(self, encoding: str) -> None:
        """As recorded, in UTF-8."""
        room = MAX_FIELD_BYTES - len(URL) - 1
        value = f"{URL}?{EMOJI * (room // 4)}{'x' * (room % 4)}"
        assert len(value.encode()) == MAX_FIELD_BYTES
        assert len(value) < MAX_URL_CHARACTERS
        assert value in _urls(submit(LINK, encoding, url=value.encode()))
        assert refused_fields(LINK, encoding, url=f"{value}x".encode()) == ["url"]

    def test_that_are_no_text_are_refused(self, encoding: str) -> None:
        assert refused_fields(LINK, encoding, url=URL.encode() + b"?\xff") == ["url"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_field_that_is_unknown_may_hold_anything(encoding: str) -> None:
    assert _urls(submit(LINK, encoding, tracking=b"\xff" * 60_000)) == {URL}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("field", ["name", "content_type", "size"])
def test_a_direct_uploads_fields_are_bounded_too(encoding: str, field: str) -> None:
    fields = {"name": b"a.jpg", "size": b"10", "content_type": b"image/jpeg"}
    body, headers = encode({**fields, field: b"image/" + b"a" * 5_000}, encoding)
    path = "/v1/uploads"
    request = Request(method="POST", path=path, route=path, headers=headers, body=body)
    with pytest.raises(LeanpixError) as refused:
        parse_upload_request(request, account_id="acc_1")
    assert {problem.field for problem in refused.value.problems} == {field}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_client_is_told_400_with_the_fields_name(encoding: str) -> None:
    body, headers = encode({**CREDENTIALS, "http_pass": b"x" * 450_000}, encoding)
    answer = House().call("POST", "/v1/optimize", body=body, headers=headers)
    assert answer.status == 400
    assert b"http_pass" in answer.body


def test_the_largest_job_is_far_smaller_than_a_page() -> None:
    """Five images with the longest names, URLs and passwords in the widest characters."""
    world = World(Backend.in_memory)
    world.add_account("acc_1", tokens=5)
    text = EMOJI * (MAX_FIELD_BYTES // 4)
    url = f"{URL}?{text}"[: len(URL) + 1 + (MAX_FIELD_BYTES - len(URL) - 1) // 4]
    credential = text[:MAX_CREDENTIAL_CHARACTERS]
    fields = {"type": "urls", "http_user": credential, "http_pass": credential}
    fields |= {f"url{number}": url for number in range(1, 6)} | {"callback_url": url}
    encoded = {name: value.encode() for name, value in fields.items()}
    job = world.submit(submit(encoded, "json"))
    assert isinstance(job, Job)
    assert len(json.dumps(job_to_items(job), ensure_ascii=False).encode()) < PAGE_BYTES / 8
