"""Send HTTP to the byte, as clients of all ages put it on the wire."""

from __future__ import annotations

import http.client
import io
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CRLF = b"\r\n"


@dataclass(frozen=True)
class RawAnswer:
    """An answer to the byte."""

    status: int
    headers: dict[str, str]
    body: bytes
    interim: bytes
    """What came before the body was sent: `100 Continue`, or nothing."""


class _Reply(io.BytesIO):
    """Bytes that `http.client` can read as a socket."""

    def makefile(self, *_: Any) -> _Reply:
        return self


def exchange(url: str, head: bytes, body: bytes = b"", *, expects: bool = False) -> RawAnswer:
    """Send a head and a body, and return the answer.

    With `expects`, the body waits until the server has said `100 Continue`.
    """
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=60) as wire:
        wire.sendall(head + CRLF + CRLF)
        interim = b""
        if expects:
            while CRLF + CRLF not in interim:
                interim += wire.recv(1024)
        wire.sendall(body)
        reply = b""
        while chunk := wire.recv(65536):
            reply += chunk
    answer = http.client.HTTPResponse(_Reply(reply))  # type: ignore[arg-type]  # all that it needs of a socket is makefile
    answer.begin()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    return RawAnswer(answer.status, headers, answer.read(), interim)


def chunked(body: bytes, size: int = 1000) -> bytes:
    """Return a body in chunks (RFC 9112 §7.1)."""
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def multipart(parts: list[tuple[bytes, bytes]], boundary: bytes = b"b") -> bytes:
    """Return a multipart body of parts: each one's header lines, and its content."""
    body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary, *part) for part in parts)
    return body + b"--%s--\r\n" % boundary
