"""Test on the wire what Tinify's clients send and rely on, through the local cloud's gateway."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.tinify_images import HEIGHT, WIDTH, make_logo, read_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud

LOGO = make_logo()
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def told(self) -> tuple[int, str, str]:
        """The status and both texts of an error."""
        body = json.loads(self.body)
        return self.status, body["error"], body["message"]


@dataclass(frozen=True)
class Client:
    """A client that sends exactly what it is given."""

    netloc: str
    authorization: str

    def call(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    ) -> Answer:
        connection = HTTPConnection(self.netloc, timeout=60)
        pairs = list(headers.items() if hasattr(headers, "items") else headers)
        chunked = body is not None and not isinstance(body, bytes)
        connection.putrequest(method, path, skip_accept_encoding=True)
        if self.authorization:
            connection.putheader("Authorization", self.authorization)
        for name, value in pairs:
            connection.putheader(name, value)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif body is not None:
            connection.putheader("Content-Length", str(len(body)))  # type: ignore[arg-type]  # bytes
        connection.endheaders(body, encode_chunked=chunked)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer


@pytest.fixture
def client(cloud: LocalCloud, account: LocalAccount) -> Client:
    """Return a client with a key of the test's own."""
    basic = b64encode(f"api:{account.api_key}".encode()).decode()
    return Client(urlsplit(cloud.url).netloc, f"Basic {basic}")


@pytest.fixture
def stranger(cloud: LocalCloud) -> Client:
    """Return a client without a key."""
    return Client(urlsplit(cloud.url).netloc, "")


@pytest.fixture
def place(client: Client) -> str:
    """Return the place of an output."""
    return str(client.call("POST", "/shrink", LOGO).headers["Location"])


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (LOGO, [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "*/*")]),
        (LOGO, [("Content-Type", "multipart/form-data")]),
        ([LOGO[:1000], LOGO[1000:]], []),
        (LOGO, [("Expect", "100-continue")]),
    ],
    ids=["as curl", "as WordPress", "chunked", "as PHP above a megabyte"],
)
def test_an_image_is_taken_however_it_is_sent(client: Client, body: Any, headers: Any) -> None:
    answer = client.call("POST", "/shrink", body, headers)
    assert (answer.status, json.loads(answer.body)["output"]["width"]) == (201, WIDTH)


def test_the_place_is_relative_over_plain_http(place: str) -> None:
    assert place.startswith("/output/")


def test_json_may_come_under_two_content_types(client: Client) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", "multipart/form-data")]
    answer = client.call("POST", "/shrink", b'{"source":{"url":"nowhere"}}', headers)
    assert answer.told == (400, "Source not found", "Cannot parse URL")


@pytest.mark.parametrize("body", [None, b""])
def test_a_key_is_validated_without_a_body(client: Client, body: bytes | None) -> None:
    answer = client.call("POST", "/shrink", body)
    assert answer.told == (400, "Input missing", "File is empty")
    assert answer.headers["Compression-Count"] == "0"


def test_an_output_is_had_without_a_key_and_with_its_length(stranger: Client, place: str) -> None:
    answer, head = stranger.call("GET", place), stranger.call("HEAD", place)
    assert (answer.status, read_size(answer.body)) == (200, (WIDTH, HEIGHT))
    for each in (answer, head):
        assert each.headers["Content-Length"] == str(len(answer.body))
        assert each.headers["Content-Type"] == "image/png"
        assert each.headers["Image-Width"] == str(WIDTH)
        assert each.headers["Image-Height"] == str(HEIGHT)
    assert (head.status, head.body) == (200, b"")


def test_commands_may_come_with_a_get(client: Client, place: str) -> None:
    answer = client.call("GET", place, b'{"resize":{"width":50}}', JSON)
    assert (answer.status, read_size(answer.body)) == (200, (50, 8))


def test_what_the_gateway_refuses_has_both_texts(client: Client, stranger: Client) -> None:
    large = client.call("POST", "/shrink", bytes(7_000_000))
    assert large.told[:2] == (413, "Request entity too large")
    for method, path in (("GET", "/shrunk"), ("POST", "/keys"), ("POST", "/output")):
        assert client.call(method, path).told == (
            404,
            "Not found",
            "This endpoint does not exist.",
        )
    assert client.call("PUT", "/shrink", LOGO).told[:2] == (404, "Not found")
    assert stranger.call("POST", "/shrink", LOGO).told == (
        401,
        "Unauthorized",
        "Credentials are invalid",
    )


def test_a_key_in_the_other_apis_header_opens_nothing(
    stranger: Client, account: LocalAccount
) -> None:
    answer = stranger.call("POST", "/shrink", LOGO, {"X-API-KEY": account.api_key})
    assert answer.status == 401


def test_a_key_is_asked_about_by_its_path(stranger: Client, account: LocalAccount) -> None:
    answer = stranger.call("GET", f"/keys/{account.api_key}")
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["Compression-Count"] == "0"
    assert stranger.call("GET", "/keys/unknown").status == 404
