"""Serve a small Lambda Runtime API: hand events to a function and take its answers.

See "Using the Lambda runtime API for custom runtimes" in the AWS Lambda guide.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:packaged"


@dataclass(frozen=True, slots=True)
class Report:
    """The report of the runtime."""

    kind: str
    """`ready`, `response`, `error` or `init_error`."""
    body: Any = None


class RuntimeApi:
    """A server for one runtime on loopback."""

    def __init__(self) -> None:
        """Start to listen on a free port."""
        self.reports: queue.Queue[Report] = queue.Queue()
        self._events: queue.Queue[bytes] = queue.Queue()
        self._is_ready = False
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One segment per answer: the runtime waits 40 ms for the second otherwise.
            wbufsize = -1
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                api._say_ready()
                body = api._events.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "00000000-0000-4000-8000-0")
                self.send_header("Lambda-Runtime-Deadline-Ms", "4102444800000")
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", FUNCTION_ARN)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                kind = "init_error" if "/init/" in self.path else self.path.rpartition("/")[2]
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()
                api.reports.put(Report(kind, json.loads(body or b"null")))

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def send(self, event: Mapping[str, Any]) -> None:
        """Hand an event to the function."""
        self._events.put(json.dumps(event).encode())

    def expect(self, *, within_seconds: float = 60) -> Report:
        """Return the next thing that the runtime reports."""
        return self.reports.get(timeout=within_seconds)

    def _say_ready(self) -> None:
        if not self._is_ready:
            self._is_ready = True
            self.reports.put(Report("ready"))
