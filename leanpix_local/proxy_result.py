"""Turn the result of a function into a response as API Gateway does, or into a failure.

Stricter than the emulator, which sends anything a function returns, and its errors as they are.
Standard library only: this runs inside the emulator.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, Final

from leanpix_local.gateway import FAILURE_HEADER, MAX_LAMBDA_PAYLOAD_BYTES

_KEYS: Final = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
_STATUS_CODES: Final = range(100, 600)


def is_proxy_result(result: object) -> bool:
    """Tell whether API Gateway would accept what a function returned.

    "Set up Lambda proxy integrations": an object of exactly these keys, the body a string.
    """
    if not isinstance(result, Mapping) or not set(result) <= _KEYS:
        return False
    status = result.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or status not in _STATUS_CODES:
        return False
    if not isinstance(result.get("body", ""), str | None):
        return False
    if not isinstance(result.get("isBase64Encoded", False), bool):
        return False
    return _are_headers(result.get("headers"), str | int | float | bool) and _are_headers(
        result.get("multiValueHeaders"), list
    )


def _are_headers(headers: object, value_type: type | UnionType) -> bool:
    if headers is None:
        return True
    return isinstance(headers, Mapping) and all(
        isinstance(name, str) and isinstance(value, value_type) for name, value in headers.items()
    )


def _is_decodable(result: Mapping[str, Any]) -> bool:
    if not result.get("isBase64Encoded"):
        return True
    try:
        base64.b64decode(result.get("body") or "", validate=True)
    except ValueError:
        return False
    return True


def _failure(reason: str) -> dict[str, Any]:
    """Return a response that the front door turns into the gateway's own."""
    return {"statusCode": 502, "headers": {FAILURE_HEADER: reason}, "body": ""}


def _without_content_length(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result as API Gateway passes it on: it counts the body itself.

    "Amazon API Gateway important notes": a function's Content-Length is remapped.
    """
    for group in ("headers", "multiValueHeaders"):
        headers = result.get(group) or {}
        for name in [name for name in headers if name.lower() == "content-length"]:
            headers["x-amzn-Remapped-Content-Length"] = headers.pop(name)
    return result


def proxy_response(execution: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Turn what a function did into a response, refusing what API Gateway refuses."""
    if execution.get("throttle"):
        return _failure("throttled"), None
    if execution.get("error"):
        return _failure("function_error"), None
    result = execution.get("body")
    if isinstance(result, str | bytes):
        try:
            result = json.loads(result)
        except ValueError:
            return _failure("malformed_result"), None
    if not isinstance(result, dict) or not is_proxy_result(result) or not _is_decodable(result):
        return _failure("malformed_result"), None
    if len(json.dumps(result)) > MAX_LAMBDA_PAYLOAD_BYTES:
        return _failure("result_too_large"), None
    result.setdefault("body", "")
    result["body"] = result["body"] or ""
    return _without_content_length(result), None
