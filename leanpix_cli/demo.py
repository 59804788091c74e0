"""Send real photos through the whole stack and show what was saved: `leanpix demo`."""

from __future__ import annotations

import contextlib
import http.server
import io
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from PIL import Image
from rich.console import Console
from rich.table import Table

from leanpix_cli.console import CommandError, StopRequestedError, stop_on_signals
from leanpix_cli.local_setup import DEMO_PHOTOS, create_local_account, find_photo
from leanpix_local.cloud import LocalCloud, Report
from leanpix_local.http import Answer, get, post

_POLL_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo to send."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """The verified saving of a photo."""

    name: str
    way: str
    before: int
    after: int
    seconds: float


def demo() -> int:
    """Run the demo and return the exit code: 0 only if everything was as promised."""
    console = Console(highlight=False)
    started = time.monotonic()
    try:
        with stop_on_signals(), _progress(console) as report:
            savings = _run(report)
    except StopRequestedError:
        message = "the demo was interrupted"
        raise CommandError(message) from None
    console.print(_table(savings))
    console.print(f"All verified, in {time.monotonic() - started:.0f} s.")
    return 0


def _run(report: Report) -> list[Saving]:
    photos = [Photo(name=name, data=find_photo(name).read_bytes()) for name in DEMO_PHOTOS]
    with LocalCloud(report=report) as cloud:
        report("Creating an account and a key")
        client = DemoClient(cloud.url, create_local_account(cloud).api_key)
        savings = list(send_all(client, photos, report))
        report("Stopping the local cloud")
    return savings


class DemoClient:
    """A client that submits, polls, downloads and checks, by plain HTTP."""

    def __init__(self, url: str, api_key: str) -> None:
        """Call the API under this URL with this key."""
        self._url = url
        self._headers = {"X-API-KEY": api_key}

    def optimize(self, photo: Photo, way: str, fields: dict[str, Any]) -> Saving:
        """Send a photo one way or the other and verify what comes back."""
        started = time.monotonic()
        accepted = self._expect(
            post(f"{self._url}/v1/optimize", fields=fields, headers=self._headers),
            HTTPStatus.ACCEPTED,
            "submit",
        ).json()
        finished = self._expect(
            post(
                f"{self._url}/v1/optimize/{accepted['process_id']}/result?timeout={_POLL_SECONDS}",
                headers=self._headers,
            ),
            HTTPStatus.OK,
            "poll",
        ).json()
        result = finished["result"][0]
        if not result["success"]:
            message = f"{photo.name} by {way}: not optimized ({result.get('reason')})"
            raise CommandError(message)
        download = self._expect(get(result["url"]), HTTPStatus.OK, "download")
        seconds = time.monotonic() - started
        _verify(photo, download.body, reported=result["optimized_size"])
        return Saving(
            name=photo.name,
            way=way,
            before=len(photo.data),
            after=len(download.body),
            seconds=seconds,
        )

    @staticmethod
    def _expect(answer: Answer, status: HTTPStatus, step: str) -> Answer:
        if answer.status != status:
            text = answer.body[:300].decode("utf-8", "replace")
            message = f"{step}: answered {answer.status} instead of {status}: {text}"
            raise CommandError(message)
        return answer


def send_all(client: DemoClient, photos: list[Photo], report: Report) -> Iterator[Saving]:
    """Send each photo by file and by URL."""
    with _served(photos) as base_url:
        for photo in photos:
            report(f"Optimizing {photo.name}, uploaded")
            upload = {"type": "file", "file": (photo.name, photo.data)}
            yield client.optimize(photo, "file", upload)
            report(f"Optimizing {photo.name}, by its URL")
            link = {"type": "url", "url": f"{base_url}/{photo.name}"}
            yield client.optimize(photo, "URL", link)


def _verify(photo: Photo, data: bytes, *, reported: int) -> None:
    """Check that the download is a smaller picture of the same dimensions.

    Raises:
        CommandError: it is not.
    """
    with Image.open(io.BytesIO(photo.data)) as original:
        dimensions = original.size
    try:
        with Image.open(io.BytesIO(data)) as optimized:
            optimized.load()
            same = optimized.size == dimensions
    except OSError as error:
        message = f"{photo.name}: the download does not decode: {error}"
        raise CommandError(message) from error
    if not same:
        message = f"{photo.name}: the download has other dimensions"
        raise CommandError(message)
    if not len(data) == reported < len(photo.data):
        message = f"{photo.name}: {len(data)} bytes downloaded, {reported} reported"
        raise CommandError(message)


@contextlib.contextmanager
def _served(photos: list[Photo]) -> Iterator[str]:
    """Serve the photos on loopback; only the local cloud's fetcher is allowed to go there."""
    by_path = {f"/{photo.name}": photo.data for photo in photos}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = by_path.get(self.path)
            self.send_response(HTTPStatus.OK if data else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Report]:
    """Show the step that is going on: a spinner for people, a line for logs."""
    if not console.is_terminal:
        yield console.print
        return
    with console.status("Starting") as status:
        yield status.update


def _table(savings: list[Saving]) -> Table:
    table = Table("file", "sent as")
    for heading in ("before", "after", "saved", "seconds"):
        table.add_column(heading, justify="right")
    for saving in savings:
        table.add_row(
            saving.name,
            saving.way,
            f"{saving.before:,}",
            f"{saving.after:,}",
            f"{1 - saving.after / saving.before:.1%}",
            f"{saving.seconds:.1f}",
        )
    return table
