"""Try a deployed stage as a client does.

    LEANPIX_API_KEY=... python tools/smoke.py --url https://api.example.org
    LEANPIX_API_KEY=... python tools/smoke.py --outputs outputs.json     (of `cdk deploy`)

What no emulator shows is tried on the real stage: which code answers which bad key, that HEAD and
CORS work through API Gateway, that large files reach S3 and come back from its Region. Without a
key it tries what needs none. LEANPIX_EMPTY_API_KEY, of an account without tokens, adds 466.
Standard library only. Ends with 1 at the first surprise.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import struct
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

BOUNDARY = "leanpix-smoke-4f1d"
SECONDS_PER_CALL = 60
POLLS = 6
TIMED_OUT = 504
REDIRECT = 302
PREFLIGHT = 204
SMALL_PIXELS = 128
LARGE_PIXELS = 1_400
LARGE_BYTES = 4_500_000
"""More than a request or an answer of Lambda's can carry."""
PAGE = "https://www.example.org"
UNKNOWN_KEY = "lpx" + "0" * 43


class SmokeError(Exception):
    """A stage that does not do what it should."""


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    headers: Message[str, str]
    body: bytes


@dataclass(frozen=True)
class Stage:
    """The stage to try, and the keys to try it with."""

    url: str
    key: str
    empty_key: str


def main() -> int:
    """Try everything in order and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="root URL of the API")
    where.add_argument("--outputs", help="what `cdk deploy --outputs-file` wrote")
    arguments = parser.parse_args()
    stage = Stage(
        url=arguments.url or read_url(Path(arguments.outputs)),
        key=os.environ.get("LEANPIX_API_KEY", ""),
        empty_key=os.environ.get("LEANPIX_EMPTY_API_KEY", ""),
    )
    checks = [check_up, check_refusals, check_browsers]
    if stage.key:
        checks += [check_optimizing, check_large]
    if stage.empty_key:
        checks.append(check_no_tokens)
    try:
        for check in checks:
            started = time.monotonic()
            check(stage)
            print(f"smoke: {check.__name__} ok in {time.monotonic() - started:.1f} s", flush=True)
    except SmokeError as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 1
    if not stage.key:
        print("smoke: LEANPIX_API_KEY is not set, so no image was tried")
    if not stage.empty_key:
        print("smoke: LEANPIX_EMPTY_API_KEY is not set, so 466 was not tried")
    return 0


def read_url(path: Path) -> str:
    """Return the API's root URL among the outputs of the only stack."""
    (outputs,) = json.loads(path.read_text(encoding="utf-8")).values()
    return str(outputs["BaseUrl"])


# --------------------------------------------------------------------------- checks


def check_up(stage: Stage) -> None:
    """Ping it, also as MegaOptim's plugin does, by HEAD."""
    for method in ("GET", "HEAD"):
        answer = expect(call(f"{stage.url}/ping", method=method), 200, f"{method} /ping")
        if method == "HEAD" and answer.body:
            message = "HEAD /ping has a body"
            raise SmokeError(message)


def check_refusals(stage: Stage) -> None:
    """Call without a key, and with one that there is none of: each API has its own codes."""
    for method, path, key, status in (
        ("POST", "/v1/optimize", "", 465),
        ("POST", "/v1/optimize", UNKNOWN_KEY, 404),
        ("POST", "/v1/users/info", UNKNOWN_KEY, 401),
        ("POST", "/api/optimize", "", 401),
        ("POST", "/api/optimize", UNKNOWN_KEY, 401),
        ("GET", f"/image/{'0' * 40}/none.png", "", 404),
    ):
        answer = call(f"{stage.url}{path}", method=method, key=key)
        kind = "unknown" if key else "no"
        expect(answer, status, f"{method} {path} with {kind} key")
        # A page in a browser has to be able to read the refusal.
        expect_header(answer, "Access-Control-Allow-Origin", "*", f"{method} {path}")


def check_browsers(stage: Stage) -> None:
    """Ask as a browser does before it sends a key from another site."""
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-api-key",
    }
    answer = call(f"{stage.url}/v1/optimize", method="OPTIONS", headers=asked)
    expect(answer, PREFLIGHT, "OPTIONS /v1/optimize")
    expect_header(answer, "Access-Control-Allow-Origin", "*", "OPTIONS /v1/optimize")
    allowed = answer.headers.get("Access-Control-Allow-Headers", "").lower()
    if "x-api-key" not in allowed:
        message = f"a browser may not send its key: {allowed!r}"
        raise SmokeError(message)


def check_no_tokens(stage: Stage) -> None:
    """Submit from an account that has no tokens."""
    answer = call(
        f"{stage.url}/v1/optimize", method="POST", key=stage.empty_key, data=form(make_png())
    )
    expect(answer, 466, "a submit without tokens")


def check_optimizing(stage: Stage) -> None:
    """Send a picture, wait for it, download it, and ask for its headers alone."""
    picture = make_png()
    answer = call(f"{stage.url}/v1/optimize", method="POST", key=stage.key, data=form(picture))
    result = wait_for_result(stage, expect(answer, 202, "a submit"))
    optimized = expect(call(result["url"]), 200, "a download").body
    if not 0 < len(optimized) < len(picture) or not optimized.startswith(b"\x89PNG"):
        message = f"{len(picture)} bytes became {len(optimized)} bytes: not a smaller PNG"
        raise SmokeError(message)
    head = expect(call(result["url"], method="HEAD"), 200, "HEAD of a result")
    expect_header(head, "Content-Type", "image/png", "HEAD of a result")
    # S3 refuses a range that is none, and a front door asks the function that ignores it.
    beyond = {"Range": "bytes=99999999-"}
    expect(call(result["url"], headers=beyond), 200, "a range beyond the end of a result")


def check_large(stage: Stage) -> None:
    """Upload a picture to S3 directly, and get its result from there.

    A front door sends it itself; without one, a function sends the client to the bucket.
    """
    picture = make_noise_png()
    asked = f"name=large.png&size={len(picture)}&content_type=image/png".encode()
    answer = call(f"{stage.url}/v1/uploads", method="POST", key=stage.key, data=asked)
    grant = json.loads(expect(answer, 200, "a grant of an upload").body)
    upload = call(grant["url"], method="POST", data=form(picture, grant["fields"]))
    if upload.status not in {200, 201, 204}:
        message = f"the upload to {grant['url']}: {upload.status} {upload.body[:300]!r}"
        raise SmokeError(message)
    asked = f"type=upload&upload_id={grant['upload_id']}&compression=lossless".encode()
    answer = call(f"{stage.url}/v1/optimize", method="POST", key=stage.key, data=asked)
    result = wait_for_result(stage, expect(answer, 202, "a submit of an upload"))
    for method in ("GET", "HEAD"):
        there = call(result["url"], method=method, headers={"Origin": PAGE})
        place = there.headers.get("Location", "") if there.status == REDIRECT else ""
        if place:
            # Whoever signs for the global host name is answered 307 or 400 outside us-east-1.
            there = call(place, method=method, headers={"Origin": PAGE})
        expect(there, 200, f"{method} of a large result")
        size = int(there.headers["Content-Length"])
        if not LARGE_BYTES < size < len(picture):
            message = f"{len(picture)} bytes became {size} bytes: not a smaller large PNG"
            raise SmokeError(message)
        # A page in a browser has to be able to read it.
        expect_header(there, "Access-Control-Allow-Origin", "*", f"{method} of a large result")


def wait_for_result(stage: Stage, accepted: Answer) -> dict[str, str]:
    """Return the only result of a job once it has ended."""
    job = json.loads(accepted.body)["process_id"]
    for _ in range(POLLS):
        answer = call(
            f"{stage.url}/v1/optimize/{job}/result",
            method="POST",
            key=stage.key,
            data=b"timeout=30",
        )
        if answer.status != TIMED_OUT:
            break
    (result,) = json.loads(expect(answer, 200, "a poll").body)["result"]
    if not result["success"]:
        message = f"not optimized: {result}"
        raise SmokeError(message)
    found: dict[str, str] = result
    return found


# --------------------------------------------------------------------------- HTTP


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the method would change on the way."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""


_OPENER = urllib.request.build_opener(_Stay)


def call(
    url: str,
    *,
    method: str = "GET",
    key: str = "",
    data: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Return the answer to a request."""
    sent = dict(headers or {}) | ({"X-API-KEY": key} if key else {})
    if data is None and method == "POST":
        data = b""
    if data:
        is_form = data.startswith(b"--")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        sent["Content-Type"] = kind if is_form else "application/x-www-form-urlencoded"
    request = urllib.request.Request(  # noqa: S310 - the operator's own URL
        url, data=data, headers=sent, method=method
    )
    try:
        with _OPENER.open(request, timeout=SECONDS_PER_CALL) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.headers, error.read())
    except OSError as error:
        message = f"{method} {url}: {error}"
        raise SmokeError(message) from None


def expect(answer: Answer, status: int, what: str) -> Answer:
    """Compare the status, and return the answer."""
    if answer.status != status:
        message = f"{what}: status {answer.status} instead of {status}: {answer.body[:300]!r}"
        raise SmokeError(message)
    return answer


def expect_header(answer: Answer, name: str, value: str, what: str) -> None:
    """Compare a header."""
    found = answer.headers.get(name)
    if found != value:
        message = f"{what}: {name} is {found!r} instead of {value!r}"
        raise SmokeError(message)


def form(picture: bytes, fields: Mapping[str, str] | None = None) -> bytes:
    """Return a multipart body with the picture, the file last as S3 wants it."""
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (fields or {"type": "file"}).items()
    )
    head += (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="smoke.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


# --------------------------------------------------------------------------- pictures


def make_png() -> bytes:
    """Return a PNG of a gradient, stored without compression so that it can shrink."""
    side = SMALL_PIXELS
    rows = (
        bytes(channel for x in range(side) for channel in (2 * x, 2 * y, 99)) for y in range(side)
    )
    return write_png(side, rows)


def make_noise_png() -> bytes:
    """Return a PNG that is mostly noise: it shrinks a little, and stays large."""
    dice = random.Random(7)  # noqa: S311 - no secret
    side, flat = LARGE_PIXELS, LARGE_PIXELS // 10
    noise = 3 * (side - flat)
    rows = (dice.randbytes(noise) + bytes(3 * flat) for _ in range(side))
    return write_png(side, rows)


def write_png(side: int, rows: Iterable[bytes]) -> bytes:
    """Return a square PNG of these rows of RGB, stored without compression."""
    stored = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(stored, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


if __name__ == "__main__":
    sys.exit(main())
