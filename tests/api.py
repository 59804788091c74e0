"""Call both APIs as a client, for tests against the local cloud."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

from tests.bodies import check_body, find_route

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE_SECONDS = 150


@dataclass(frozen=True)
class Api:
    """A client of the API with one account's key, or without a key."""

    url: str
    api_key: str | None = None

    def call(self, method: str, path: str, **details: Any) -> requests.Response:
        """Return the answer, held to its route's declared type.

        Headers given replace the key's where they have its name.
        """
        headers = {"X-API-KEY": self.api_key} if self.api_key else {}
        headers.update(details.pop("headers", {}))
        url = path if path.startswith("http") else self.url + path
        details.setdefault("allow_redirects", False)
        answer = requests.request(
            method, url, headers=headers, timeout=PATIENCE_SECONDS, **details
        )
        found = find_route(method, urlsplit(url).path) if url.startswith(self.url) else None
        if found:
            check_body(found[0], answer.status_code, answer.content)
        return answer

    def get(self, path: str, **details: Any) -> requests.Response:
        """Send a GET."""
        return self.call("GET", path, **details)

    def post(self, path: str, **details: Any) -> requests.Response:
        """Send a POST."""
        return self.call("POST", path, **details)

    def submit(
        self, fields: Mapping[str, Any], files: Any = None, *, path: str = "/v1/optimize"
    ) -> int:
        """Submit by MegaOptim's API and return the process id."""
        answer = self.post(path, data=fields, files=files)
        assert answer.status_code == 202, answer.text
        return int(answer.json()["process_id"])

    def wait(self, process_id: int, *, path: str = "/v1/optimize") -> dict[str, Any]:
        """Return the result of a job."""
        answer = self.post(f"{path}/{process_id}/result")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def results(
        self, fields: Mapping[str, Any], files: Any = None, *, path: str = "/v1/optimize"
    ) -> list[dict[str, Any]]:
        """Submit, wait, and return what became of each image."""
        body = self.wait(self.submit(fields, files, path=path), path=path)
        found: list[dict[str, Any]] = body["result"]
        return found

    def upload(self, data: bytes, name: str = "photo.jpg", **fields: Any) -> dict[str, Any]:
        """Submit by TinyJPG's API and return the answer's data."""
        answer = self.post("/api/optimize", data=fields, files={"image": (name, data)})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()["data"]
        return body

    def completed(self, image_id: int) -> dict[str, Any]:
        """Return the status of an image by TinyJPG's API once it has ended."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends_at:
            body: dict[str, Any] = self.get(f"/api/status/{image_id}").json()["data"]
            if body["status"] != "processing":
                return body
            time.sleep(0.2)
        raise TimeoutError(image_id)


@dataclass
class Site:
    """A web site on loopback: its pages by path, and the requests that it got."""

    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    """By path: the Authorization header without which it answers 401."""
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    """Method, path, headers by lower-case name, body."""

    def wait_for(self, method: str, *, seconds: float = 30) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the first request with a method."""
        ends_at = time.monotonic() + seconds
        while time.monotonic() < ends_at:
            for one, _, headers, body in list(self.seen):
                if one == method:
                    return headers, body
            time.sleep(0.05)
        raise TimeoutError(method)


@contextmanager
def serve_site() -> Iterator[Site]:
    """Run a site."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note(b"")
            wanted = site.credentials.get(self.path)
            if wanted and self.headers.get("Authorization") != wanted:
                self._answer(401, b"")
            else:
                page = site.pages.get(self.path)
                self._answer(404 if page is None else 200, page or b"")

        def do_POST(self) -> None:
            self._note(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            self._answer(200, b"")

        def _note(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            site.seen.append((self.command, self.path, headers, body))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
