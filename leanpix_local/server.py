"""Make an HTTP server that takes requests as API Gateway does, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from leanpix_local.gateway import MAX_REQUEST_BYTES

_HEAD_END: Final = b"\r\n\r\n"
_CONTENT_TYPE: Final = b"content-type:"
_SEVERAL: Final = 2


class _Request(web.BaseRequest):
    """A request whose response does not name the software that runs here."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.popall(hdrs.SERVER, None)


class _Handler(RequestHandler):
    """A protocol that takes a repeated Content-Type, as API Gateway does and aiohttp does not."""

    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        """Take what a client sent."""
        super().data_received(_join_content_types(data))


class _Server(web.Server):
    """A server whose connections take a repeated Content-Type."""

    def __call__(self) -> RequestHandler:
        """Return the protocol of a new connection."""
        return _Handler(self, loop=self._loop, **self._kwargs)


def _join_content_types(data: bytes) -> bytes:
    """Return what a client sent with the Content-Types of a head in one (RFC 9110, 5.3).

    WordPress's plugin for Tinify sends two. A head that comes in pieces stays as it is.
    """
    head, end, rest = data.partition(_HEAD_END)
    lines = head.split(b"\r\n")
    types = [line for line in lines[1:] if line.lower().startswith(_CONTENT_TYPE)]
    if not end or len(types) < _SEVERAL or not lines[0].endswith(b" HTTP/1.1"):
        return data
    others = [line for line in lines if line not in types]
    values = b", ".join(line[len(_CONTENT_TYPE) :].strip() for line in types)
    return b"\r\n".join([*others, b"Content-Type: " + values]) + end + rest


def make_server(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> web.Server:
    """Return a server, for the running loop, that hands each request to a handler."""
    loop = asyncio.get_running_loop()

    def make_request(
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> web.BaseRequest:
        return _Request(
            message, payload, protocol, writer, task, loop, client_max_size=MAX_REQUEST_BYTES
        )

    return _Server(
        handler,
        request_factory=make_request,
        access_log=None,
        # The body goes on as it came.
        auto_decompress=False,
    )
