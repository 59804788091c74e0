"""Test the front door against a small upstream that reports what reached it."""

from __future__ import annotations

import http.client
import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from leanpix_local.errors import PortInUseError
from leanpix_local.front_door import Backend, FrontDoor
from leanpix_local.gateway import FAILURE_HEADER, MAX_REQUEST_BYTES, GatewayAnswer

ROOT = "/_aws/execute-api/leanpix/local"
TIMEOUT_SECONDS = 0.6
CODES = {
    "REQUEST_TOO_LARGE": 413,
    "INTEGRATION_TIMEOUT": 504,
    "INTEGRATION_FAILURE": 502,
    "BAD_REQUEST_BODY": 400,
}


class Upstream(http.server.BaseHTTPRequestHandler):
    """A handler that answers with the request, or as the path says."""

    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path.endswith("/slow"):
            assert isinstance(self.server, UpstreamServer)
            self.server.released.wait(5)
        if self.path.endswith("/cut"):
            self.close_connection = True
            return
        seen = {
            "method": self.command,
            "path": self.path,
            "headers": [[name, value] for name, value in self.headers.items()],
            "bytes": len(body),
            "body": body[:100].decode("latin-1"),
        }
        content = json.dumps(seen).encode()
        self.send_response_only(465 if self.path.endswith("/odd") else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Server", "secret/1.0")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Connection", "X-Hop")
        self.send_header("X-Hop", "1")
        if self.path.endswith("/failed"):
            self.send_header(FAILURE_HEADER, "function_error")
        if self.path.endswith("/moved"):
            self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_OPTIONS = do_DELETE = answer  # noqa: N815 - http.server's names

    def log_message(self, *_arguments: object) -> None:
        pass


class UpstreamServer(http.server.ThreadingHTTPServer):
    """A server whose slow answers wait until the tests have ended."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.released = threading.Event()


@pytest.fixture(scope="module")
def upstream() -> Iterator[UpstreamServer]:
    server = UpstreamServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def door(upstream: http.server.ThreadingHTTPServer) -> Iterator[FrontDoor]:
    front = FrontDoor()
    front.open(
        Backend(
            port=upstream.server_port,
            path=ROOT,
            integration_timeout_seconds=TIMEOUT_SECONDS,
            answers={
                kind: GatewayAnswer(
                    status=code,
                    headers={"Content-Type": "application/json"},
                    body=json.dumps({"code": code}).encode(),
                )
                for kind, code in CODES.items()
            },
        )
    )
    yield front
    front.close()


def ask(
    door: FrontDoor, method: str, target: str, body: Any = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, body, named)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def talk(door: FrontDoor, request: bytes, *, until: bytes = b"") -> bytes:
    """Send raw bytes and return what comes back, up to `until` or the end."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
            if until and until in received:
                break
    return received


def seen(content: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(content)
    return loaded


@pytest.mark.parametrize(
    "target",
    ["/", "/image/a%2Fb/c%20d.jpg?x=%26&y", "//a/../b/./c", "/a?timeout300", "/a?", "/%E2%82%AC"],
)
def test_path_and_query_arrive_as_they_were_sent(door: FrontDoor, target: str) -> None:
    response, content = ask(door, "GET", target)
    assert response.status == 200
    assert seen(content)["path"] == ROOT + target.removesuffix("?")


def test_a_whole_url_as_target_is_its_path(door: FrontDoor) -> None:
    _, content = ask(door, "GET", f"http://x.example:{door.port}/a/b?c")
    assert seen(content)["path"] == f"{ROOT}/a/b?c"


def test_headers_pass_but_those_of_the_connection(door: FrontDoor) -> None:
    _, content = ask(
        door,
        "POST",
        "/a",
        b"x",
        x_api_key="k",
        Connection="keep-alive, X-Private",
        X_Private="1",
        Host="evil.s3.amazonaws.com",
        X_Forwarded_For="10.1.1.1",
    )
    headers = seen(content)["headers"]
    by_name = {name.lower(): value for name, value in headers}
    assert by_name["x-api-key"] == "k"
    assert "x-private" not in by_name
    assert by_name["host"] == door.netloc
    assert by_name["x-forwarded-for"] == "10.1.1.1, 127.0.0.1"
    assert "user-agent" not in by_name
    assert "content-type" not in by_name


def test_repeated_request_headers_all_arrive(door: FrontDoor) -> None:
    answer = talk(
        door, b"GET /a HTTP/1.1\r\nHost: x\r\nX-A: 1\r\nX-A: 2\r\nConnection: close\r\n\r\n"
    )
    headers = seen(answer.partition(b"\r\n\r\n")[2])["headers"]
    assert [value for name, value in headers if name == "X-A"] == ["1", "2"]


def test_repeated_response_headers_pass_and_the_software_is_not_named(door: FrontDoor) -> None:
    response, _ = ask(door, "GET", "/a")
    assert response.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert response.headers["Server"] is None
    assert response.headers["X-Hop"] is None


def test_malformed_http_does_not_name_the_software(door: FrontDoor) -> None:
    answer = talk(door, b"GET / HTTP/1.1\r\nbad header\r\n\r\n")
    assert answer.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert b"server:" not in answer.lower()


def test_unusual_status_codes_pass(door: FrontDoor) -> None:
    response, _ = ask(door, "POST", "/odd")
    assert response.status == 465


def test_redirects_are_the_clients_own_affair(door: FrontDoor) -> None:
    response, _ = ask(door, "GET", "/moved")
    assert response.headers["Location"] == "https://elsewhere.example/"


def test_head_has_the_length_and_no_body(door: FrontDoor) -> None:
    response, content = ask(door, "HEAD", "/a")
    assert int(response.headers["Content-Length"]) > 0
    assert content == b""


def test_http_1_0_is_answered_without_chunks(door: FrontDoor) -> None:
    answer = talk(door, b"GET /a HTTP/1.0\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200")
    assert b"chunked" not in head.lower()
    assert seen(body)["path"] == f"{ROOT}/a"


def test_a_chunked_body_arrives_whole(door: FrontDoor) -> None:
    _, content = ask(door, "POST", "/a", iter([b"abc", b"def"]))
    assert seen(content)["body"] == "abcdef"


def test_a_client_that_expects_to_continue_is_told_to(door: FrontDoor) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(
            b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        assert connection.recv(1_000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"3\r\nabc\r\n0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 200")
    assert seen(answer.partition(b"\r\n\r\n")[2])["body"] == "abc"


def test_too_large_a_body_is_refused_before_it_is_sent(door: FrontDoor) -> None:
    answer = talk(
        door,
        b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        b"Content-Length: %d\r\n\r\n" % (MAX_REQUEST_BYTES + 1),
        until=b"}",
    )
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("size", [MAX_REQUEST_BYTES + 1, 5_000_000])
def test_what_api_gateway_or_lambda_cannot_carry_is_413(door: FrontDoor, size: int) -> None:
    response, content = ask(door, "POST", "/a", bytes(size))
    assert response.status == 413
    assert json.loads(content) == {"code": 413}


def test_too_large_a_chunked_body_is_413(door: FrontDoor) -> None:
    # The client may be cut off while it still sends, but it must have been answered.
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        connection.sendall(b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"100000\r\n" + bytes(0x100000) + b"\r\n"
        for _ in range(11):
            connection.sendall(chunk)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 413")


def test_the_largest_body_that_lambda_takes_passes(door: FrontDoor) -> None:
    response, content = ask(door, "POST", "/a", bytes(4_700_000))
    assert response.status == 200
    assert seen(content)["bytes"] == 4_700_000


def test_a_slow_function_is_504_in_time(door: FrontDoor) -> None:
    started = time.monotonic()
    response, content = ask(door, "POST", "/slow")
    assert response.status == 504
    assert json.loads(content) == {"code": 504}
    assert time.monotonic() - started < TIMEOUT_SECONDS + 2


@pytest.mark.parametrize("target", ["/failed", "/cut"])
def test_a_failed_function_is_502_and_tells_no_more(door: FrontDoor, target: str) -> None:
    response, content = ask(door, "POST", target)
    assert response.status == 502
    assert json.loads(content) == {"code": 502}
    assert response.headers[FAILURE_HEADER] is None


def test_compressed_bodies_are_left_alone(door: FrontDoor) -> None:
    _, content = ask(door, "POST", "/a", b"\x1f\x8bnot really", Content_Encoding="gzip")
    assert seen(content)["bytes"] == 12


def test_a_port_in_use_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError, match=rf"^Port {port} of 127.0.0.1 is in use[^\n]*$"):
            FrontDoor(port)


def test_a_closed_door_gives_its_port_back() -> None:
    door = FrontDoor()
    door.close()
    socket.create_server(("127.0.0.1", door.port)).close()
