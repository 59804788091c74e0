"""Call the API by plain HTTP as a stranger's program does: no proxy, no redirects."""

from __future__ import annotations

import http.client
import json as json_
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 150.0
"""Longer than the longest poll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's content."""
        return json_.loads(self.body)


def get(url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Fetch a URL."""
    return _send("GET", url, b"", headers or {})


def post(
    url: str,
    *,
    fields: Mapping[str, str | tuple[str, bytes]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send a form; a field that is a name and bytes is a file."""
    boundary = secrets.token_hex(16)
    body = _multipart(fields, boundary) if fields else b""
    content_type = {"Content-Type": f"multipart/form-data; boundary={boundary}"} if fields else {}
    return _send("POST", url, body, {**content_type, **(headers or {})})


def _send(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target or "/", body or None, dict(headers))
        response = connection.getresponse()
        return Answer(status=response.status, headers=dict(response.headers), body=response.read())
    finally:
        connection.close()


def _multipart(fields: Mapping[str, str | tuple[str, bytes]], boundary: str) -> bytes:
    parts = bytearray()
    for name, value in fields.items():
        parts += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if isinstance(value, str):
            parts += f"\r\n\r\n{value}".encode()
        else:
            file_name, data = value
            parts += f'; filename="{file_name}"\r\n\r\n'.encode() + data
        parts += b"\r\n"
    return bytes(parts) + f"--{boundary}--\r\n".encode()
