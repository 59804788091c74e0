"""Connect to checked addresses only, with one deadline for every wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import httpcore

from leanpix.adapters.fetching.address_guard import AddressRefusedError, Resolve, choose_addresses

if TYPE_CHECKING:
    import ssl

CONNECT_SECONDS: Final = 5.0
"""The longest wait for one address of a name; the next one is tried after it."""
LOOK_UP_SECONDS: Final = 10.0

_SocketOptions = Iterable[Any] | None


class DeadlineStream(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline, so that a trickle cannot hold us."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        """Wrap a stream; `ends_at` is a time of `time.monotonic`."""
        self._stream = stream
        self._ends_at = ends_at

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - httpcore's signature
        """Return what came, before the deadline."""
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - httpcore's signature
        """Send, before the deadline."""
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        """Close."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature
    ) -> httpcore.NetworkStream:
        """Secure the connection to the host by its name, before the deadline."""
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left())
        return DeadlineStream(secured, self._ends_at)

    def get_extra_info(self, info: str) -> object:
        """Return what the stream knows of itself."""
        return self._stream.get_extra_info(info)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedBackend(httpcore.NetworkBackend):
    """A backend that resolves a name once, checks every address and connects to one of them."""

    may_be_loopback: bool
    resolve: Resolve
    ends_at: float
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - httpcore's signature
        local_address: str | None = None,
        socket_options: _SocketOptions = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to a checked address.

        Raises:
            AddressRefusedError: an address of the name may not be fetched from.
        """
        failure: Exception = httpcore.ConnectTimeout()
        for address in self._look_up(host, port):
            left = min(CONNECT_SECONDS, self.ends_at - time.monotonic())
            if left <= 0:
                break
            try:
                stream = self.backend.connect_tcp(
                    address, port, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return DeadlineStream(stream, self.ends_at)
        raise failure

    def _look_up(self, host: str, port: int) -> list[str]:
        """Return the checked addresses of a name, in time.

        The system's resolver knows no deadline, so a thread waits for it: one that outlasts the
        deadline ends by itself, with the resolver's own.
        """
        answers: SimpleQueue[list[str] | AddressRefusedError] = SimpleQueue()

        def look_up() -> None:
            try:
                found = choose_addresses(
                    host, port, may_be_loopback=self.may_be_loopback, resolve=self.resolve
                )
            except AddressRefusedError as error:
                answers.put(error)
            else:
                answers.put(found)

        threading.Thread(target=look_up, name="look-up", daemon=True).start()
        try:
            answer = answers.get(
                timeout=max(0.0, min(LOOK_UP_SECONDS, self.ends_at - time.monotonic()))
            )
        except Empty:
            raise httpcore.ConnectTimeout from None
        if isinstance(answer, AddressRefusedError):
            raise answer
        return answer
