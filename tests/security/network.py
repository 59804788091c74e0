"""A network of the test's own: names, a public host, and a canary that nothing may reach.

Connections are diverted where they are made, below the guard: one to the public address leads to
the test's site, one to any other address leads to the canary.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"

Answer = bytes | Callable[[socket.socket], None]
"""What a site sends for a request, or a function that sends it."""


def response(*headers: str, status: int = 200, body: bytes = b"") -> bytes:
    """Return a response as it goes over the wire."""
    head = [f"HTTP/1.1 {status} X", "Connection: close", *headers]
    return "\r\n".join(head).encode("utf-8") + b"\r\n\r\n" + body


def redirect(location: str, status: int = 302) -> bytes:
    """Return a redirect."""
    return response(f"Location: {location}", "Content-Length: 0", status=status)


class Listener:
    """A server on loopback that answers each connection; `requests` holds what arrived."""

    def __init__(self, answers: Mapping[str, Answer], wrap: Any = None) -> None:
        self.answers = dict(answers)
        self.requests: list[bytes] = []
        self._wrap = wrap
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        try:
            if self._wrap:
                connection = self._wrap(connection)
            request = b""
            while b"\r\n\r\n" not in request:
                more = connection.recv(65_536)
                if not more:
                    break
                request += more
            self.requests.append(request)
            path = request.split(b" ")[1].decode() if request.count(b" ") > 1 else ""
            answer = self.answers.get(path, self.answers.get("*", b""))
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
        except OSError:
            pass
        finally:
            connection.close()


@dataclass
class Network:
    """The network of the fetcher: names to answers, and the connections that were made."""

    site: Listener
    canary: Listener
    names: dict[str, list[list[str]]] = field(default_factory=dict)
    """The answers of each look-up in turn; the last one stays."""
    looked_up: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        """Look a name up: in `names`, else as the system does for numbers."""
        self.looked_up.append(host)
        if host in self.names:
            answers = self.names[host]
            return answers.pop(0) if len(answers) > 1 else answers[0]
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
        return [str(entry[4][0]) for entry in found]


@contextmanager
def network(
    monkeypatch: Any, answers: Mapping[str, Answer], wrap: Any = None
) -> Iterator[Network]:
    """Run a network in which `public.example` is the only public name."""
    built = Network(
        site=Listener(answers, wrap),
        canary=Listener({"*": response(body=b"secret of our network")}),
        names={"public.example": [[PUBLIC]]},
    )
    connect = httpcore.SyncBackend.connect_tcp

    def divert(self: Any, host: str, port: int, *rest: Any) -> Any:
        built.connected.append(host)
        target = built.site if host in {PUBLIC, PUBLIC_6} else built.canary
        return connect(self, "127.0.0.1", target.port, *rest)

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", divert)
    try:
        yield built
    finally:
        built.site.close()
        built.canary.close()
