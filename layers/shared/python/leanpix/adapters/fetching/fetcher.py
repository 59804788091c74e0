"""Download from addresses that strangers name, and never from our own network.

The name is resolved once, every address is checked, and the connection goes to a checked address
while TLS still verifies the name. Every redirect is a new request and is checked again.
"""

from __future__ import annotations

import ssl
import time
import zlib
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final

import httpcore

from leanpix.adapters.fetching.address_guard import AddressRefusedError, Resolve, resolve_name
from leanpix.adapters.fetching.pinned_connections import PinnedBackend
from leanpix.contract import APP_VERSION
from leanpix.domain.jobs import Credentials, KeptReason
from leanpix.domain.web_addresses import AddressInvalidError, WebAddress, parse_address
from leanpix.services.ports import FetchFailedError

MAX_REDIRECTS: Final = 5
REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
OK_STATUS: Final = 200
TRANSIENT_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
MAX_TRIES: Final = 3
RETRY_PAUSES_SECONDS: Final = (0.5, 1.5)
TOTAL_SECONDS: Final = 30.0
POST_SECONDS: Final = 10.0
USER_AGENT: Final = f"Leanpix/{APP_VERSION}"

# Headers end at 100 KiB: httpcore's HTTP11Connection.MAX_INCOMPLETE_EVENT_SIZE; a test holds it.

_FETCH_FAILED: Final = KeptReason.FETCH_FAILED.value
_GZIP_NAMES: Final = frozenset({b"gzip", b"x-gzip"})
_GZIP_WINDOW: Final = zlib.MAX_WBITS | 16
"""The window that makes zlib expect the gzip format (RFC 1952)."""


class _TransientFetchError(FetchFailedError):
    """A failure that may pass; the call repeats the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedFetcher:
    """A fetcher of files and a poster of callbacks, under the same guards."""

    may_fetch_loopback: bool = False
    resolve: Resolve = resolve_name
    total_seconds: float = TOTAL_SECONDS
    trust: ssl.SSLContext | None = None
    """The certificate authorities; by default the public ones."""

    def fetch(self, url: str, *, credentials: Credentials | None, max_bytes: int) -> bytes:
        """Return the content behind a URL, after at most five redirects and three tries.

        Raises:
            FetchFailedError: an address is refused, the status is not 200, the body is over
                `max_bytes`, or `total_seconds` are over.
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
        """Post JSON and return the status, following no redirect and reading no body.

        Raises:
            FetchFailedError: no status came back.
        """
        address = self._parse(url)
        sent = {"User-Agent": USER_AGENT, "Content-Type": "application/json", **headers}
        ends_at = time.monotonic() + min(self.total_seconds, POST_SECONDS)
        with self._open("POST", address, sent, ends_at, body) as response:
            return response.status

    def put(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """Put a file and return the status, following no redirect and reading no body.

        Raises:
            FetchFailedError: no status came back.
        """
        ends_at = time.monotonic() + self.total_seconds
        sent = {"User-Agent": USER_AGENT, **headers}
        with self._open("PUT", self._parse(url), sent, ends_at, body) as response:
            return response.status

    def _parse(self, url: str) -> WebAddress:
        try:
            return parse_address(url, any_port=self.may_fetch_loopback)
        except AddressInvalidError as error:
            raise FetchFailedError(str(error), reason=_FETCH_FAILED) from None

    def _follow(
        self, url: str, credentials: Credentials | None, max_bytes: int, ends_at: float
    ) -> bytes:
        address = self._parse(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(address, credentials, max_bytes, ends_at)
            if isinstance(answer, bytes):
                return answer
            following = self._redirect(address, answer)
            if credentials and (address.scheme, following.scheme) == ("https", "http"):
                text = "the URL redirects from https to http, which no password may follow"
                raise FetchFailedError(text, reason=_FETCH_FAILED)
            if not address.may_keep_credentials(following):
                credentials = None
            address = following
        text = f"the URL redirects more than {MAX_REDIRECTS} times"
        raise FetchFailedError(text, reason=_FETCH_FAILED)

    def _redirect(self, address: WebAddress, location: str) -> WebAddress:
        try:
            return address.resolve(location, any_port=self.may_fetch_loopback)
        except AddressInvalidError as error:
            text = f"the URL redirects to where we cannot follow: {error}"
            raise FetchFailedError(text, reason=_FETCH_FAILED) from None

    def _request(
        self,
        address: WebAddress,
        credentials: Credentials | None,
        max_bytes: int,
        ends_at: float,
    ) -> bytes | str:
        """Return the body, or the address that a redirect names."""
        with self._open("GET", address, _headers(credentials), ends_at) as response:
            return _read(response, max_bytes)

    @contextmanager
    def _open(
        self,
        method: str,
        address: WebAddress,
        headers: Mapping[str, str],
        ends_at: float,
        body: bytes | None = None,
    ) -> Iterator[httpcore.Response]:
        """Make one request to checked addresses; what goes wrong is a `FetchFailedError`."""
        backend = PinnedBackend(
            may_be_loopback=self.may_fetch_loopback, resolve=self.resolve, ends_at=ends_at
        )
        sent = [("Host", address.authority), *headers.items()]
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self.trust or _public_trust(), network_backend=backend, retries=0
                ) as pool,
                pool.stream(method, _to_httpcore(address), headers=sent, content=body) as response,
            ):
                yield response
        except AddressRefusedError as error:
            raise FetchFailedError(str(error), reason=_FETCH_FAILED) from None
        except httpcore.TimeoutException:
            text = "the URL's host took too long to answer"
            raise _TransientFetchError(text, reason=_FETCH_FAILED) from None
        except (httpcore.NetworkError, httpcore.ProtocolError):
            text = "the URL's host did not answer properly"
            raise _TransientFetchError(text, reason=_FETCH_FAILED) from None


def _to_httpcore(address: WebAddress) -> httpcore.URL:
    return httpcore.URL(
        scheme=address.scheme.encode(),
        host=address.host.encode(),
        port=address.port,
        target=address.target.encode(),
    )


@cache
def _public_trust() -> ssl.SSLContext:
    """Return the public certificate authorities, which take a while to read."""
    return httpcore.default_ssl_context()


def _read(response: httpcore.Response, max_bytes: int) -> bytes | str:
    headers = {name.lower(): value for name, value in response.headers}
    if response.status in REDIRECT_STATUSES and b"location" in headers:
        return _read_location(headers[b"location"])
    if response.status != OK_STATUS:
        kind = _TransientFetchError if response.status in TRANSIENT_STATUSES else FetchFailedError
        text = f"the URL answered with status {response.status}"
        raise kind(text, reason=_FETCH_FAILED)
    # What a host says of the length spares a download; it is never relied on.
    if int(headers.get(b"content-length", b"0")) > max_bytes:
        raise _too_large(max_bytes)
    body = bytearray()
    for chunk in _decoded(response, headers.get(b"content-encoding", b""), max_bytes):
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> FetchFailedError:
    text = f"the file is larger than {max_bytes:,} bytes"
    return FetchFailedError(text, reason=KeptReason.TOO_LARGE.value)


def _read_location(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _decoded(response: httpcore.Response, encoding: bytes, max_bytes: int) -> Iterator[bytes]:
    """Yield a body's content, at no time much more than `max_bytes` of it.

    No encoding is asked for; some hosts compress even so. Anything but one layer of gzip is
    refused.
    """
    encoding = encoding.strip().lower()
    if encoding in {b"", b"identity"}:
        yield from response.iter_stream()
    elif encoding in _GZIP_NAMES:
        yield from _unpacked(response, max_bytes)
    else:
        text = "the URL answered with a content encoding that was not asked for"
        raise FetchFailedError(text, reason=_FETCH_FAILED)


def _unpacked(response: httpcore.Response, max_bytes: int) -> Iterator[bytes]:
    """Yield what a gzip body holds, and stop where it holds more than is allowed."""
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        for chunk in response.iter_stream():
            yield unpacker.decompress(chunk, max_bytes + 1)
            if unpacker.eof or unpacker.unconsumed_tail:
                return
    except zlib.error:
        pass
    text = "the URL answered with broken compression"
    raise FetchFailedError(text, reason=_FETCH_FAILED)


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
