"""Test `--remote` against a service that answers as ours does, with its refusals."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leanpix_cli.optimize import remote

from .conftest import Leanpix

SMALLER = b"\xff\xd8smaller"


@dataclass
class Service:
    """What was asked, and what is still to be refused."""

    url: str = ""
    asked: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)
    refusals: list[int] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Yield a service on loopback; no wait is longer than a moment."""
    state = Service()

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            path = self.path.partition("?")[0]
            state.asked.append(f"{self.command} {path}")
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            state.keys.add(self.headers["X-API-KEY"])
            if state.refusals:
                self.say(state.refusals.pop(0), {"errors": ["Slow down."]})
            elif path == "/v1/uploads":
                grant = {"upload_id": "u1", "url": f"{state.url}/bucket", "fields": {"key": "k"}}
                self.say(200, grant)
            elif path == "/bucket":
                self.say(204, None)
            elif path == "/v1/optimize":
                self.say(202, {"process_id": 5})
            elif path == "/v1/optimize/5/result":
                self.say(200, {"status": "ok", "result": [state.result]})
            else:
                self.say(200, SMALLER)

        def say(self, status: int, body: Any) -> None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode() if body else b""
            self.send_response(status)
            if status == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815 - names of the base class

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    state.result = {
        "success": True,
        "format": "jpg",
        "optimized_size": len(SMALLER),
        "url": f"{state.url}/image/x.jpg",
    }
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    monkeypatch.setenv("LEANPIX_API_KEY", "key")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def photo(folder: Path) -> Path:
    """Return one photo."""
    return folder / "photo.jpg"


def test_a_file_is_sent_polled_and_replaced(
    leanpix: Leanpix, service: Service, photo: Path
) -> None:
    done = leanpix("optimize", "-i", "--remote", service.url, photo)
    assert done.code == 0, done.out
    assert photo.read_bytes() == SMALLER
    assert service.asked == [
        "POST /v1/optimize",
        "POST /v1/optimize/5/result",
        "GET /image/x.jpg",
    ]
    assert "key" in service.keys
    assert b'name="compression"\r\n\r\nmedium' in service.bodies[0]


def test_a_large_file_is_uploaded_directly(
    leanpix: Leanpix, service: Service, photo: Path
) -> None:
    photo.write_bytes(photo.read_bytes() + bytes(remote.INLINE_BYTES))
    leanpix("optimize", "-i", "--remote", service.url, photo)
    assert service.asked[:3] == ["POST /v1/uploads", "POST /bucket", "POST /v1/optimize"]
    assert b"u1" in service.bodies[2]
    assert len(service.bodies[2]) < 5_000


def test_refusals_are_tried_again(leanpix: Leanpix, service: Service, photo: Path) -> None:
    service.refusals = [429, 503, 504]
    assert leanpix("optimize", "-i", "--remote", service.url, photo).code == 0
    assert service.asked.count("POST /v1/optimize") == 4
    assert photo.read_bytes() == SMALLER


def test_a_wrong_key_is_one_failure_and_loses_nothing(
    leanpix: Leanpix, service: Service, photo: Path
) -> None:
    before = photo.read_bytes()
    service.refusals = [404]
    done = leanpix("optimize", "-i", "--remote", service.url, photo)
    assert done.code == 2
    assert "the service answered 404: Slow down." in done.out
    assert photo.read_bytes() == before


def test_no_savings_is_no_failure(leanpix: Leanpix, service: Service, photo: Path) -> None:
    service.result = {"success": False, "format": "jpg", "reason": "no_savings"}
    done = leanpix("optimize", "-i", "--remote", service.url, photo)
    assert done.code == 0
    assert "1 as small as they get" in done.out


def test_nobody_there_is_a_failure(leanpix: Leanpix, service: Service, photo: Path) -> None:
    _ = service
    done = leanpix("optimize", "-i", "--remote", "http://127.0.0.1:9", photo)
    assert done.code == 2
    assert "cannot be reached" in done.out


def test_what_the_service_lacks_is_refused(
    leanpix: Leanpix, service: Service, photo: Path
) -> None:
    done = leanpix("optimize", "--remote", service.url, "--max-bytes", "9KB", photo)
    assert done.code == 2
    assert "--max-bytes does not work with --remote" in done.err


def test_a_wait_is_what_the_service_asks_for() -> None:
    assert 5 <= remote.wait_before(0, {"Retry-After": "5"}) <= 6
    assert 0 <= remote.wait_before(3, {}) <= 4
