"""Send images to a deployed service instead of working on them here."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from leanpix_cli.optimize.settings import SettingsError
from leanpix_cli.optimize.workers import Made, WorkFailed

KEY_VARIABLE: Final = "LEANPIX_API_KEY"
INLINE_BYTES: Final = 4_000_000
"""Above this a file is uploaded directly: a request carries 4.5 MB, its form included."""
_POLL_SECONDS: Final = 25
_GIVE_UP_SECONDS: Final = 300.0
_TRIES: Final = 6
_LONGEST_WAIT: Final = 30.0
_TIMEOUT_SECONDS: Final = 60.0
_AGAIN: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_NOT_THERE: Final = (
    "quality",
    "format",
    "long-edge",
    "max-bytes",
    "assume-pristine",
)


class RemoteWorker:
    """A client of the service's `/v1` API.

    Args:
        url: the stage's URL.
        api_key: the key of an account.
    """

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._key = {"X-API-KEY": api_key}

    def make(self, source: bytes, values: dict[str, Any]) -> Made:
        """Let the service make an image smaller.

        Raises:
            WorkFailed: the service refuses it or cannot be reached.
        """
        fields = to_fields(values)
        if len(source) > INLINE_BYTES:
            fields |= {"type": "upload", "upload_id": self._upload(source)}
        else:
            fields |= {"type": "file", "file": ("image", source)}
        # A request that is sent again is charged once.
        headers = {**self._key, "Idempotency-Key": secrets.token_hex(16)}
        accepted = self._call("/v1/optimize", fields, headers)
        result = self._poll(accepted["process_id"])
        return self._to_made(result, len(source), values)

    def close(self) -> None:
        """Keep nothing open."""

    def _upload(self, source: bytes) -> str:
        granted = self._call("/v1/uploads", {}, self._key)
        fields = {**granted["fields"], "file": ("image", source)}
        status, _, body = _send_with_retries("POST", granted["url"], fields, {})
        if status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            raise WorkFailed(_explain(status, body))
        return str(granted["upload_id"])

    def _poll(self, job: int) -> dict[str, Any]:
        """Return the result of the one image of a job.

        Raises:
            WorkFailed: it does not end in time.
        """
        ends_at = time.monotonic() + _GIVE_UP_SECONDS
        while time.monotonic() < ends_at:
            path = f"/v1/optimize/{job}/result?timeout={_POLL_SECONDS}"
            answer = self._call(path, {}, self._key)
            if answer.get("status") == "ok":
                result: dict[str, Any] = answer["result"][0]
                return result
            time.sleep(random.uniform(0.5, 1.5))  # noqa: S311 - jitter, no secret
        message = "the service did not end in time"
        raise WorkFailed(message)

    def _to_made(self, result: dict[str, Any], size: int, values: dict[str, Any]) -> Made:
        kind = str(result.get("format") or "")
        if not result.get("success"):
            reason = str(result.get("reason") or "no_savings")
            if reason not in ("no_savings", "already_optimized"):
                raise WorkFailed(reason)
            return Made(data=None, format=kind, reason=reason)
        webp = result.get("webp")
        also = (("webp", self._fetch(webp["url"])),) if isinstance(webp, dict) else ()
        if values["min-saving"].share_of(size) * size > size - int(result["optimized_size"]):
            return Made(data=None, format=kind, reason="no_savings", also=also)
        return Made(data=self._fetch(str(result["url"])), format=kind, also=also)

    def _fetch(self, url: str) -> bytes:
        for _ in range(3):
            status, headers, body = _send_with_retries("GET", url, {}, {})
            if status == HTTPStatus.OK:
                return body
            if status not in (HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT):
                break
            url = headers.get("Location", "")
        raise WorkFailed(_explain(status, body))

    def _call(self, path: str, fields: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        status, _, body = _send_with_retries("POST", self._url + path, fields, headers)
        if status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            raise WorkFailed(_explain(status, body))
        try:
            return json.loads(body)
        except ValueError:
            raise WorkFailed(_explain(status, body)) from None


def to_fields(values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings as the service's fields.

    Raises:
        SettingsError: the service does not have one of them.
    """
    for name in _NOT_THERE:
        if values[name]:
            message = f"--{name} does not work with --remote"
            raise SettingsError(message)
    if set(values["also"]) - {"webp"} or set(values["keep"]) not in (set(), {"exif", "xmp"}):
        message = "with --remote, --also takes webp alone, and --keep exif,xmp"
        raise SettingsError(message)
    return {
        "compression": values["level"],
        "webp": str(int("webp" in values["also"])),
        "keep_exif": str(int("exif" in values["keep"])),
        "cmyktorgb": str(int(values["cmyk-to-rgb"])),
        "max_width": str(values["max-width"] or 0),
        "max_height": str(values["max-height"] or 0),
    }


def wait_before(attempt: int, headers: Mapping[str, str]) -> float:
    """Return the seconds before another try: what the service asks for, or else with jitter."""
    asked = headers.get("Retry-After", "")
    if asked.isdecimal():
        return min(float(asked), _LONGEST_WAIT) + random.uniform(0, 1)  # noqa: S311 - jitter
    return random.uniform(0, min(_LONGEST_WAIT, 0.5 * 2**attempt))  # noqa: S311 - jitter


def _send_with_retries(
    method: str, url: str, fields: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body; passing faults are tried again.

    Raises:
        WorkFailed: the service cannot be reached.
    """
    for attempt in range(_TRIES):
        is_last = attempt == _TRIES - 1
        answered: dict[str, str] = {}
        try:
            status, answered, body = _send(method, url, fields, headers)
            if status not in _AGAIN or is_last:
                return status, answered, body
        except (OSError, http.client.HTTPException) as error:
            if is_last:
                message = f"{urlsplit(url).netloc} cannot be reached: {error}"
                raise WorkFailed(message) from None
        time.sleep(wait_before(attempt, answered))
    raise AssertionError  # pragma: no cover - the last turn returns or raises


def _send(
    method: str, url: str, fields: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    kinds = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}
    if parts.scheme not in kinds:
        message = f"{url}: no http or https address"
        raise WorkFailed(message)
    boundary = secrets.token_hex(16)
    body = _multipart(fields, boundary) if fields else None
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"} if fields else {}
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = kinds[parts.scheme](parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, target, body, {**kind, **headers})
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def _multipart(fields: Mapping[str, Any], boundary: str) -> bytes:
    parts = bytearray()
    for name, value in fields.items():
        parts += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        if isinstance(value, tuple):
            parts += f'; filename="{value[0]}"\r\n\r\n'.encode() + value[1] + b"\r\n"
        else:
            parts += f"\r\n\r\n{value}\r\n".encode()
    return bytes(parts) + f"--{boundary}--\r\n".encode()


def _explain(status: int, body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
        return f"the service answered {status}: {errors[0]}"
    except (ValueError, KeyError, IndexError, TypeError):
        return f"the service answered {status}"
