"""Put a plain root URL before the emulated API Gateway, and play the template's CloudFront.

It passes requests on byte for byte where it can, and holds them to the limits that API Gateway
has and the emulator has not, with the answers of the deployed stack.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import io
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from leanpix_local.distribution import Distribution
from leanpix_local.edge import Edge
from leanpix_local.errors import PortInUseError
from leanpix_local.files import FileDoor, forbid
from leanpix_local.gateway import (
    BAD_REQUEST_BODY,
    FAILURE_HEADER,
    INTEGRATION_FAILURE,
    INTEGRATION_TIMEOUT,
    MAX_LAMBDA_PAYLOAD_BYTES,
    MAX_REQUEST_BYTES,
    REQUEST_TOO_LARGE,
    GatewayAnswer,
    event_bytes,
)
from leanpix_local.server import make_server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HOST: Final = "127.0.0.1"

# RFC 9110, 7.6.1: of one connection, not of the message.
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# Made anew on this side of the door.
_NOT_FORWARDED: Final = _HOP_BY_HOP | {"host", "content-length", "expect"}
_NOT_RETURNED: Final = _HOP_BY_HOP | {"server", "date", FAILURE_HEADER}
# Sent only if the client did.
_NO_AUTOMATIC_HEADERS: Final = (
    hdrs.USER_AGENT,
    hdrs.ACCEPT,
    hdrs.ACCEPT_ENCODING,
    hdrs.CONTENT_TYPE,
)
_STOP_SECONDS: Final = 5.0
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The API Gateway behind the door."""

    port: int
    path: str
    """The path of the stage's root: `/_aws/execute-api/<id>/<stage>`."""
    integration_timeout_seconds: float
    answers: Mapping[str, GatewayAnswer]
    distribution: Distribution | None = None
    """CloudFront's behaviours; None where the API stands alone."""
    s3: S3Client | None = None
    """The client by which CloudFront's part reads the bucket."""
    bucket: str = ""


class Door:
    """The handler of requests; `FrontDoor` gives it a thread and a port."""

    def __init__(self, backend: Backend, session: aiohttp.ClientSession, *, netloc: str) -> None:
        """Serve the backend under a host name that is the same for every client, as on AWS."""
        self._backend = backend
        self._session = session
        self._netloc = netloc
        self._distribution = backend.distribution
        self._edge = Edge()
        self._files = (
            FileDoor(
                s3=backend.s3,
                bucket=backend.bucket,
                session=session,
                edge=self._edge,
                ask_api=self._ask_api,
            )
            if backend.s3 is not None
            else None
        )

    async def close(self) -> None:
        """End what the door has started."""
        await self._edge.close()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if self._distribution is not None and self._files is not None:
            target = _origin_form(request.raw_path)
            behavior = self._distribution.find(target.partition("?")[0])
            if request.method not in behavior.methods:
                return forbid()
            if behavior.has_files:
                return await self._files.handle(behavior, request.method, target, request.headers)
        return await self._handle_call(request)

    async def _handle_call(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await self._read(request)
        except web.RequestPayloadError:
            return self._answer(BAD_REQUEST_BODY, close=True)
        if body is None:
            return self._answer(REQUEST_TOO_LARGE, close=True)
        target = _origin_form(request.raw_path)
        header_bytes = sum(len(name) + len(value) for name, value in request.raw_headers)
        size = event_bytes(target=target, headers=header_bytes, body=len(body))
        if size > MAX_LAMBDA_PAYLOAD_BYTES:
            return self._answer(REQUEST_TOO_LARGE)
        return await self._ask(request.method, target, self._headers(request), body)

    async def _ask_api(self, method: str, target: str, headers: CIMultiDict[str]) -> web.Response:
        return await self._ask(method, target, headers, b"")

    async def _ask(
        self, method: str, target: str, headers: CIMultiDict[str], body: bytes
    ) -> web.Response:
        try:
            async with asyncio.timeout(self._backend.integration_timeout_seconds):
                return await self._forward(method, target, headers, body)
        except TimeoutError:
            return self._answer(INTEGRATION_TIMEOUT)
        except aiohttp.ClientError:
            return self._answer(INTEGRATION_FAILURE)

    async def _read(self, request: web.BaseRequest) -> bytes | None:
        """Return the body, or None if it is larger than API Gateway takes."""
        if (request.content_length or 0) > MAX_REQUEST_BYTES:
            return None
        if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
            await request.writer.write(_CONTINUE)
            # Else this would count as the response's beginning.
            request.writer.output_size = 0
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_REQUEST_BYTES:
                return None
        return bytes(body)

    async def _forward(
        self, method: str, target: str, headers: CIMultiDict[str], body: bytes
    ) -> web.Response:
        path, _, query = target.partition("?")
        url = URL.build(
            scheme="http",
            host=HOST,
            port=self._backend.port,
            path=self._backend.path + path,
            query_string=query,
            encoded=True,
        )
        async with self._session.request(
            method,
            url,
            data=io.BytesIO(body) if body else None,
            headers=headers,
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            allow_redirects=False,
        ) as upstream:
            content = await upstream.read()
            if FAILURE_HEADER in upstream.headers:
                return self._answer(INTEGRATION_FAILURE)
            return _response(method, upstream, content)

    def _headers(self, request: web.BaseRequest) -> CIMultiDict[str]:
        headers = _copy(request.raw_headers, without=_NOT_FORWARDED)
        headers[hdrs.HOST] = self._netloc
        forwarded = headers.popall(hdrs.X_FORWARDED_FOR, [])
        headers[hdrs.X_FORWARDED_FOR] = ", ".join([*forwarded, request.remote or HOST])
        headers[hdrs.X_FORWARDED_PROTO] = "http"
        headers["X-Forwarded-Port"] = self._netloc.rpartition(":")[2]
        return headers

    def _answer(self, kind: str, *, close: bool = False) -> web.Response:
        answer = self._backend.answers[kind]
        response = web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        if close:
            # What the client still sends is not read.
            response.force_close()
        return response


def _origin_form(target: str) -> str:
    """Return a request's target as path and query; proxies' clients send a whole URL."""
    if not target.startswith("/"):
        after_scheme = target.partition("://")[2]
        target = "/" + after_scheme.partition("/")[2]
    return target


def _copy(
    raw_headers: Iterable[tuple[bytes, bytes]], *, without: frozenset[str]
) -> CIMultiDict[str]:
    """Copy headers in order, repeated ones too, but not those of the connection."""
    pairs = [
        (name.decode("latin-1"), value.decode("utf-8", "surrogateescape"))
        for name, value in raw_headers
    ]
    named = {
        token.strip().lower()
        for name, value in pairs
        if name.lower() == "connection"
        for token in value.split(",")
    }
    unwanted = without | named
    return CIMultiDict((name, value) for name, value in pairs if name.lower() not in unwanted)


def _response(method: str, upstream: aiohttp.ClientResponse, content: bytes) -> web.Response:
    headers = _copy(upstream.raw_headers, without=_NOT_RETURNED)
    if method != hdrs.METH_HEAD:
        # Counted anew. Of a HEAD's response it is the only trace of the body.
        headers.popall(hdrs.CONTENT_LENGTH, None)
    return web.Response(
        status=upstream.status, reason=upstream.reason, headers=headers, body=content
    )


def reserve_port(port: int) -> socket.socket:
    """Take a port of 127.0.0.1; 0 takes any.

    Raises:
        PortInUseError: another program listens on it.
    """
    if port:
        # Two sockets may be bound to one port as long as neither listens.
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            raise PortInUseError(port)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PortInUseError(port) from error
        raise
    return listener


class FrontDoor:
    """The door on its port, in a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        """Take the port, so that the URL is known; nobody answers before `open`."""
        self._listener = reserve_port(port)
        self.port: int = self._listener.getsockname()[1]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def netloc(self) -> str:
        """Host and port."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The root URL, without a slash at the end."""
        return f"http://{self.netloc}"

    def open(self, backend: Backend) -> None:
        """Answer requests from now on."""
        is_open = threading.Event()
        failures: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._serve(backend, is_open.set))
            except BaseException as error:  # noqa: BLE001 - told to the thread that waits
                failures.append(error)
            finally:
                is_open.set()

        self._thread = threading.Thread(target=run, name="front-door", daemon=True)
        self._thread.start()
        is_open.wait()
        if failures:
            raise failures[0]

    def close(self) -> None:
        """Stop answering; connections that are still in use are cut."""
        if self._thread is not None and self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_STOP_SECONDS)
        self._listener.close()

    async def _serve(self, backend: Backend, tell_open: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with aiohttp.ClientSession(
            # Polls are held for two minutes, by any number of clients.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            door = Door(backend, session, netloc=self.netloc)
            runner = web.ServerRunner(make_server(door.handle), shutdown_timeout=0.5)
            await runner.setup()
            try:
                site = web.SockSite(runner, self._listener)
                await site.start()
                tell_open()
                await self._stopping.wait()
            finally:
                await runner.cleanup()
                await door.close()
