"""Try a deployed stage as a client does.

    LEANPIX_API_KEY=... python tools/smoke.py --url https://api.example.org
    LEANPIX_API_KEY=... python tools/smoke.py --outputs outputs.json     (of `cdk deploy`)

Without a key it tries what needs none. Standard library only. Ends with 1 at the first surprise.
"""

from __future__ import annotations

import argparse
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path

BOUNDARY = "leanpix-smoke-4f1d"
SECONDS_PER_CALL = 40
POLLS = 6
TIMED_OUT = 504
SIDE_PIXELS = 128


class SmokeError(Exception):
    """A stage that does not do what it should."""


def main() -> int:
    """Try everything in order and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--url", help="root URL of the API")
    where.add_argument("--outputs", help="what `cdk deploy --outputs-file` wrote")
    arguments = parser.parse_args()
    url = arguments.url or read_url(Path(arguments.outputs))
    key = os.environ.get("LEANPIX_API_KEY", "")
    try:
        checks = (check_up, check_refusal, check_optimizing)
        for check in checks if key else checks[:2]:
            started = time.monotonic()
            check(url, key)
            print(f"smoke: {check.__name__} ok in {time.monotonic() - started:.1f} s", flush=True)
    except SmokeError as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 1
    if not key:
        print("smoke: LEANPIX_API_KEY is not set, so no image was tried")
    return 0


def read_url(path: Path) -> str:
    """Return the API's root URL among the outputs of the only stack."""
    (outputs,) = json.loads(path.read_text(encoding="utf-8")).values()
    return str(outputs["BaseUrl"])


def check_up(url: str, _key: str) -> None:
    """Call the ping route."""
    expect(call(url, "/ping"), 200)


def check_refusal(url: str, _key: str) -> None:
    """Call without a key, for which the contract says 465."""
    expect(call(url, "/v1/optimize", data=b"", method="POST"), 465)


def check_optimizing(url: str, key: str) -> None:
    """Send a picture, wait for it, download it."""
    picture = make_png()
    status, body = call(url, "/v1/optimize", key=key, data=form(picture), method="POST")
    expect((status, body), 202)
    job = json.loads(body)["process_id"]
    for _ in range(POLLS):
        status, body = call(
            url, f"/v1/optimize/{job}/result", key=key, data=b"timeout=30", method="POST"
        )
        if status != TIMED_OUT:
            break
    expect((status, body), 200)
    (result,) = json.loads(body)["result"]
    status, optimized = call(result["url"], "")
    expect((status, optimized), 200)
    if not 0 < len(optimized) < len(picture) or not optimized.startswith(b"\x89PNG"):
        message = f"{len(picture)} bytes became {len(optimized)} bytes: not a smaller PNG"
        raise SmokeError(message)


def call(
    url: str, path: str, *, key: str = "", data: bytes | None = None, method: str = "GET"
) -> tuple[int, bytes]:
    """Return the status and the body of a call."""
    headers = {"X-API-KEY": key} if key else {}
    if data is not None:
        is_form = data.startswith(b"--")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        headers["Content-Type"] = kind if is_form else "application/x-www-form-urlencoded"
    request = urllib.request.Request(  # noqa: S310 - the operator's own URL
        url + path, data=data, headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_PER_CALL) as response:  # noqa: S310 - ditto
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError as error:
        message = f"{method} {url}{path}: {error}"
        raise SmokeError(message) from None


def expect(answer: tuple[int, bytes], status: int) -> None:
    """Compare the status with the expected one."""
    if answer[0] != status:
        message = f"status {answer[0]} instead of {status}: {answer[1][:300]!r}"
        raise SmokeError(message)


def form(picture: bytes) -> bytes:
    """Return a multipart body with the picture."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="type"\r\n\r\nfile\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="smoke.png"\r\n'
        "Content-Type: image/png\r\n\r\n"
    )
    return head.encode() + picture + f"\r\n--{BOUNDARY}--\r\n".encode()


def make_png() -> bytes:
    """Return a PNG of a gradient, stored without compression so that it can shrink."""
    rows = b"".join(
        b"\0" + bytes(channel for x in range(SIDE_PIXELS) for channel in (2 * x, 2 * y, 99))
        for y in range(SIDE_PIXELS)
    )
    header = struct.pack(">IIBBBBB", SIDE_PIXELS, SIDE_PIXELS, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


if __name__ == "__main__":
    sys.exit(main())
