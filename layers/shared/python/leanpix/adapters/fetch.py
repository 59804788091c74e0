"""Downloading from addresses that strangers name, guarded against reaching our own network.

The name is resolved once, every address is checked, and the connection goes to a checked address
while TLS still verifies the name. Every redirect is a new request and is checked again.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore

from leanpix.adapters.address_guard import (
    AddressRefusedError,
    Resolve,
    choose_addresses,
    resolve_name,
)
from leanpix.contract import APP_VERSION
from leanpix.domain.jobs import Credentials, KeptReason
from leanpix.services.ports import FetchFailedError

if TYPE_CHECKING:
    import ssl

ALLOWED_PORTS: Final = {"http": 80, "https": 443}
MAX_REDIRECTS: Final = 5
REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
OK_STATUS: Final = 200
TRANSIENT_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
MAX_TRIES: Final = 3
RETRY_PAUSES_SECONDS: Final = (0.5, 1.5)
TOTAL_SECONDS: Final = 30.0
CONNECT_SECONDS: Final = 5.0
POST_SECONDS: Final = 10.0
USER_AGENT: Final = f"Leanpix/{APP_VERSION}"

_FETCH_FAILED: Final = KeptReason.FETCH_FAILED.value
_SocketOptions = Iterable[Any] | None


class _TransientFetchError(FetchFailedError):
    """A failure that may pass; it is tried again within the same call."""


class _DeadlineStream(httpcore.NetworkStream):
    """A stream whose every wait ends at one deadline, so that a trickle cannot hold us."""

    def __init__(self, stream: httpcore.NetworkStream, ends_at: float) -> None:
        self._stream = stream
        self._ends_at = ends_at

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left())
        return _DeadlineStream(secured, self._ends_at)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


@dataclass(frozen=True, slots=True, kw_only=True)
class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only."""

    may_fetch_loopback: bool
    resolve: Resolve
    ends_at: float
    backend: httpcore.NetworkBackend = field(default_factory=httpcore.SyncBackend)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: _SocketOptions = None,
    ) -> httpcore.NetworkStream:
        addresses = choose_addresses(
            host, port, may_be_loopback=self.may_fetch_loopback, resolve=self.resolve
        )
        failure: Exception = httpcore.ConnectTimeout()
        for address in addresses:
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
                return _DeadlineStream(stream, self.ends_at)
        raise failure


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedFetcher:
    """Fetches a file from a URL."""

    may_fetch_loopback: bool = False
    resolve: Resolve = resolve_name
    total_seconds: float = TOTAL_SECONDS

    def fetch(self, url: str, *, credentials: Credentials | None, max_bytes: int) -> bytes:
        """Return what a URL holds, after at most five redirects and three tries.

        Raises ``FetchFailedError``: refused addresses, statuses other than 200, a body over
        ``max_bytes`` while it is read, and more than ``total_seconds`` in all.
        """
        ends_at = time.monotonic() + self.total_seconds
        for pause in (*RETRY_PAUSES_SECONDS, None):
            try:
                return self._follow(url, credentials, max_bytes, ends_at)
            except _TransientFetchError:
                if pause is None or time.monotonic() + pause >= ends_at:
                    raise
                time.sleep(pause)
        raise AssertionError  # pragma: no cover - the last turn returns or raises

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """Post JSON and return the status, following no redirect.

        Raises ``FetchFailedError`` where no status came back, under the same guards.
        """
        self._check_url(url)
        sent = {"User-Agent": USER_AGENT, "Content-Type": "application/json", **headers}
        ends_at = time.monotonic() + min(self.total_seconds, POST_SECONDS)
        with self._open("POST", url, sent, ends_at, body) as response:
            return response.status

    def _follow(
        self, url: str, credentials: Credentials | None, max_bytes: int, ends_at: float
    ) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            parts = self._check_url(url)
            answer = self._request(url, credentials, max_bytes, ends_at)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
            if _origin(urlsplit(url)) != _origin(parts):
                # What a user gave for one origin goes to no other (RFC 9110 §15.4).
                credentials = None
        text = f"the URL redirects more than {MAX_REDIRECTS} times"
        raise FetchFailedError(text, reason=_FETCH_FAILED)

    def _check_url(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            text = "the URL is not valid"
            raise FetchFailedError(text, reason=_FETCH_FAILED) from None
        if parts.scheme not in ALLOWED_PORTS or not parts.hostname:
            text = "the URL must begin with http:// or https:// and name a host"
            raise FetchFailedError(text, reason=_FETCH_FAILED)
        if parts.username is not None or parts.password is not None:
            text = "the URL must not carry a user name or password"
            raise FetchFailedError(text, reason=_FETCH_FAILED)
        is_default = port in {None, *ALLOWED_PORTS.values()}
        if not is_default and not self.may_fetch_loopback:
            text = "the URL's port must be 80 or 443"
            raise FetchFailedError(text, reason=_FETCH_FAILED)
        return parts

    def _request(
        self, url: str, credentials: Credentials | None, max_bytes: int, ends_at: float
    ) -> bytes | str:
        """Return the body, or the address that a redirect names."""
        with self._open("GET", url, _headers(credentials), ends_at) as response:
            return _read(response, max_bytes)

    @contextmanager
    def _open(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        ends_at: float,
        body: bytes | None = None,
    ) -> Iterator[httpcore.Response]:
        """Make one request to checked addresses; what goes wrong is a ``FetchFailedError``."""
        backend = _GuardedBackend(
            may_fetch_loopback=self.may_fetch_loopback, resolve=self.resolve, ends_at=ends_at
        )
        try:
            with (
                httpcore.ConnectionPool(network_backend=backend, retries=0) as pool,
                pool.stream(method, url, headers=list(headers.items()), content=body) as response,
            ):
                yield response
        except AddressRefusedError as error:
            raise FetchFailedError(str(error), reason=_FETCH_FAILED) from None
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            text = "the URL's host did not answer properly"
            raise _TransientFetchError(text, reason=_FETCH_FAILED) from None
        except (UnicodeError, ValueError):
            text = "the URL is not valid"
            raise FetchFailedError(text, reason=_FETCH_FAILED) from None


def _read(response: httpcore.Response, max_bytes: int) -> bytes | str:
    headers = {name.lower(): value for name, value in response.headers}
    if response.status in REDIRECT_STATUSES and b"location" in headers:
        return headers[b"location"].decode("latin-1")
    if response.status != OK_STATUS:
        kind = _TransientFetchError if response.status in TRANSIENT_STATUSES else FetchFailedError
        text = f"the URL answered with status {response.status}"
        raise kind(text, reason=_FETCH_FAILED)
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        text = "the URL answered with a content encoding that was not asked for"
        raise FetchFailedError(text, reason=_FETCH_FAILED)
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > max_bytes:
            text = f"the file is larger than {max_bytes:,} bytes"
            raise FetchFailedError(text, reason=KeptReason.TOO_LARGE.value)
    return bytes(body)


def _headers(credentials: Credentials | None) -> dict[str, str]:
    headers = {
        "User-Agent": USER_AGENT,
        "Accept": "image/*,*/*;q=0.5",
        "Accept-Encoding": "identity",
    }
    if credentials:
        pair = f"{credentials.user}:{credentials.password}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    return headers


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or ALLOWED_PORTS.get(parts.scheme)
