"""Test what a caller may see and inject: no other accounts' jobs, headers, paths or HTML."""

from __future__ import annotations

import re
import string
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanpix import contract
from leanpix.contract import API_KEY_HEADER
from leanpix.domain.file_names import clean_file_name, with_added_extension, with_extension
from leanpix.domain.ids import hash_api_key, is_public_id, make_api_key, make_public_id
from leanpix.domain.results import result_object_key
from tests.security.conftest import API_KEY, House
from tests.security.functions import call, read

HOUR = 3_600
HOSTILE_NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "a\r\nSet-Cookie: x=1.jpg",
    "a\0.jpg",
    '"><script>alert(1)</script>.jpg',
    "a%0d%0aX: y.jpg",
    "%2e%2e%2f%2e%2e%2fx.jpg",
    "\u202egpj.exe",
    "a\u2028b.jpg",
    "con.jpg:stream",
    "." * 300,
    "a" * 5_000 + ".jpg",
]


def multipart(name: str) -> bytes:
    """Return a form with a file of that name."""
    return (
        b'--b\r\nContent-Disposition: form-data; name="type"\r\n\r\nfile\r\n--b\r\n'
        b'Content-Disposition: form-data; name="file"; filename="'
        + name.replace('"', "%22").replace("\r", "").replace("\n", "").encode()
        + b'"\r\n\r\nno image\r\n--b--\r\n'
    )


def poll(name: str, job_id: object, account: str) -> dict[str, Any]:
    """Ask for a job by one of the APIs."""
    key = {"result": "process_id", "tinyjpg_status": "image_id"}[name]
    resource = {
        "result": "/v1/optimize/{process_id}/result",
        "tinyjpg_status": "/api/status/{image_id}",
    }[name]
    return call(
        name,
        resource.replace(f"{{{key}}}", str(job_id)),
        method="POST" if name == "result" else "GET",
        account=account,
        resource=resource,
        parameters={key: str(job_id)},
        headers={API_KEY_HEADER: API_KEY},
    )


class TestJobs:
    """A job is its account's."""

    @pytest.mark.parametrize("name", ["result", "tinyjpg_status"])
    def test_another_accounts_job_looks_like_none_of_ones_own(
        self, house: House, name: str
    ) -> None:
        fields = {"type": "url", "url": "http://127.0.0.1/a.jpg"}
        job_id = read(call("submit", "/v1/optimize", fields))["process_id"]
        answer = poll(name, job_id, "acc_2")
        assert answer["statusCode"] in {401, 404}
        assert b"a.jpg" not in answer["body"]

    def test_an_id_that_is_none_finds_nothing(self, house: House) -> None:
        for name in ("result", "tinyjpg_status"):
            for job_id in ("0", "-1", "1e3", "1 OR 1=1", "9" * 40, "../1", "１"):  # noqa: RUF001 - the test is about such characters
                assert poll(name, job_id, "acc_1")["statusCode"] == 404, job_id


class TestIds:
    """Ids cannot be guessed."""

    def test_a_public_id_has_128_random_bits(self) -> None:
        ids = {make_public_id(1_800_000_000) for _ in range(1_000)}
        assert len(ids) == 1_000
        assert all(is_public_id(public_id) for public_id in ids)
        random_digits = {public_id[8:] for public_id in ids}
        assert {len(digits) * 4 for digits in random_digits} == {128}
        for place in range(32):
            assert len({digits[place] for digits in random_digits}) == 16

    @pytest.mark.parametrize("text", ["", "../", "0" * 39, "0" * 41, "G" * 40, "0" * 40 + "\n"])
    def test_what_is_no_public_id_is_no_path(self, text: str) -> None:
        assert not is_public_id(text)

    def test_a_key_is_kept_as_its_digest(self, house: House) -> None:
        kept = str(house.stack.dynamodb.scan(TableName="keys"))
        assert API_KEY not in kept
        assert hash_api_key(API_KEY) in kept
        assert len(make_api_key()) >= 43

    def test_a_key_is_of_letters_and_digits_as_api_gateway_documents(self) -> None:
        for _ in range(50):
            assert re.fullmatch(r"lpx[A-Za-z0-9]{43}", make_api_key())


class TestLinks:
    """Links are signed when they are read, and for a short time."""

    def test_a_signed_url_ends_within_the_hour(self, house: House) -> None:
        link = house.stack.bucket.link("results/x")
        (seconds,) = parse_qs(urlsplit(link).query).get("X-Amz-Expires", ["0"])
        assert 0 < int(seconds) <= HOUR
        assert 0 < contract.UPLOAD_URL_SECONDS <= HOUR

    def test_no_signed_url_is_stored(self, house: House) -> None:
        call("submit", "/v1/optimize", {"type": "url", "url": "http://127.0.0.1/a.jpg"})
        assert "X-Amz" not in str(house.stack.dynamodb.scan(TableName="jobs"))


class TestFileNames:
    """File names end up in headers, paths, object keys and pages."""

    @given(st.text(max_size=300) | st.sampled_from(HOSTILE_NAMES))
    def test_a_name_is_safe_everywhere(self, raw: str) -> None:
        for name in (
            clean_file_name(raw),
            with_extension(clean_file_name(raw), "webp"),
            with_added_extension(clean_file_name(raw), "webp"),
        ):
            assert name
            assert name not in {".", ".."}
            assert name.isprintable()
            assert not set(name) & set('/\\<>"|?*:%' + string.whitespace.replace(" ", ""))
            assert len(name.encode()) <= contract.MAX_FILE_NAME_BYTES
            assert result_object_key("0" * 40, name).count("/") == 2

    @given(st.text(max_size=300))
    def test_cleaning_twice_changes_nothing(self, raw: str) -> None:
        once = clean_file_name(raw)
        assert clean_file_name(once) == once
        assert clean_file_name(unquote(once)) == once

    def test_a_hostile_name_in_a_form_does_no_harm(self, house: House) -> None:
        for raw in HOSTILE_NAMES:
            accepted = call(
                "submit",
                "/v1/optimize",
                body=multipart(raw),
                headers={"Content-Type": "multipart/form-data; boundary=b"},
            )
            for value in accepted["headers"].values():
                assert "\r" not in value
                assert "\n" not in value
            assert b"<script" not in accepted["body"]
            assert b"Set-Cookie" not in accepted["body"]


class TestAnswers:
    """The headers that every answer has for a browser."""

    ROUTES = (
        ("health", "/", "GET"),
        ("docs", "/docs", "GET"),
        ("docs", "/openapi.json", "GET"),
        ("account", "/v1/users/info", "POST"),
        ("submit", "/v1/optimize", "POST"),
        ("tinyjpg_account", "/api/v1/stats", "GET"),
    )

    def test_security_headers_and_cors_without_credentials(self, house: House) -> None:
        for name, path, method in self.ROUTES:
            headers = call(name, path, method=method, headers={"Origin": "https://evil.example"})[
                "headers"
            ]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["Access-Control-Allow-Origin"] == "*"
            assert "Access-Control-Allow-Credentials" not in headers

    def test_the_pages_run_and_load_nothing(self, house: House) -> None:
        for path in ("/docs", "/openapi.json"):
            body = call("docs", path, method="GET")["body"].lower()
            assert b"<script" not in body
            assert b"javascript:" not in body

    def test_an_error_reflects_nothing_as_html(self, house: House) -> None:
        for text in ("<script>alert(1)</script>", "{{7*7}}", "\r\nX-Evil: 1", "${jndi:x}"):
            fields = {"type": text, "compression": text, "url": text}
            answer = call("submit", "/v1/optimize", fields)
            assert answer["statusCode"] == 400
            assert answer["headers"]["Content-Type"].startswith("application/json")
            assert b"<script" not in answer["body"]
            assert not any("X-Evil" in f"{key}{value}" for key, value in answer["headers"].items())
