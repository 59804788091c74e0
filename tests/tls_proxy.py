"""Put TLS before the local cloud's front door, as AWS has it before every API."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import trustme

if TYPE_CHECKING:
    from pathlib import Path

HOST: Final = "127.0.0.1"
_CHUNK_BYTES: Final = 65_536
_CLOSE_SECONDS: Final = 1.0


@dataclass(frozen=True)
class SecureSite:
    """A URL that begins with https, and the file of the authority that vouches for it."""

    url: str
    authority: Path


@contextlib.contextmanager
def serve_tls(port: int, folder: Path) -> Iterator[SecureSite]:
    """Yield a site under TLS that passes all bytes on to a port of this machine."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "localhost").configure_cert(context)
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="tls-proxy", daemon=True)
    thread.start()
    proxy = _Proxy(port)
    server = asyncio.run_coroutine_threadsafe(
        asyncio.start_server(proxy.serve, HOST, 0, ssl=context), loop
    ).result(10)
    try:
        yield SecureSite(f"https://localhost:{server.sockets[0].getsockname()[1]}", path)
    finally:
        server.close()
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class _Proxy:
    """A proxy that decrypts what clients send and encrypts what comes back."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until either side has ended."""
        inner_reader, inner_writer = await asyncio.open_connection(HOST, self._port)
        try:
            ways = [_copy(reader, inner_writer), _copy(inner_reader, writer)]
            await asyncio.wait(
                [asyncio.ensure_future(way) for way in ways],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for each in (inner_writer, writer):
                await _close(each)

    async def stop(self) -> None:
        """End what is still open."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    """Send what is left and close; a peer that does not answer is not waited for."""
    writer.close()
    with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await writer.wait_closed()
    writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
