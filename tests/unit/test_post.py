"""Test that the fetcher's guards hold for posts to addresses that strangers name."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.services.ports import FetchFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCAL = GuardedFetcher(may_fetch_loopback=True)


class Ear:
    """A site on loopback that answers every POST with the status in its path."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                ear.heard.append((self.path, headers, body))
                self.send_response(int(self.path[1:]))
                self.send_header("Location", "/200")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Return a running ear."""
    ear = Ear()
    yield ear
    ear.server.shutdown()
    ear.server.server_close()


def test_json_is_posted_with_the_headers_given(ear: Ear) -> None:
    assert LOCAL.post(f"{ear.url}/200", b'{"id":1}', headers={"X-Leanpix-Job": "1"}) == 200
    ((_, headers, body),) = ear.heard
    assert body == b'{"id":1}'
    assert headers["content-type"] == "application/json"
    assert headers["x-leanpix-job"] == "1"


@pytest.mark.parametrize("status", [204, 301, 307, 404, 500])
def test_the_status_is_returned_and_no_redirect_followed(ear: Ear, status: int) -> None:
    assert LOCAL.post(f"{ear.url}/{status}", b"{}", headers={}) == status
    assert [path for path, _, _ in ear.heard] == [f"/{status}"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "ftp://example.com/"]
)
def test_what_is_not_fetched_from_is_not_posted_to(url: str) -> None:
    with pytest.raises(FetchFailedError):
        GuardedFetcher().post(url, b"{}", headers={})


def test_a_host_that_does_not_answer_is_a_failure(ear: Ear) -> None:
    ear.server.server_close()
    with pytest.raises(FetchFailedError):
        LOCAL.post(f"{ear.url}/200", b"{}", headers={})
