"""Runs the emulated AWS (ministack) inside ``.venv-cloud``; started by ``local.ministack``.

Two things are added to it. Where it is kinder than API Gateway, it is corrected, so that a
mistake shows here and not first after a deploy. And it stops in an order that loses nothing:
when its standard input ends, be it that its parent asks for it or that its parent has died.

This file is run by path with the emulator's own Python and must not import anything of ours.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Final

from ministack import app as gateway
from ministack.core import iam_actions, lambda_runtime, persistence
from ministack.services import apigateway_v1, dynamodb, lambda_svc, sqs

FAILURE_HEADER: Final = "x-leanpix-local-failure"
"""On a response that API Gateway would not have passed on; the front door knows it too."""

MAX_LAMBDA_PAYLOAD_BYTES: Final = 6_291_556
"""Lambda quotas: 6 MB for a synchronous invocation, as its own error message counts them."""

PROXY_RESULT_KEYS: Final = frozenset(
    {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
)

STATUS_CODES: Final = range(100, 600)

LEASE_ATTRIBUTE: Final = "lease_ends_at"
"""Of an image in the jobs table: until when a worker holds it."""

SHUTDOWN_GRACE_SECONDS: Final = 5.0


# --------------------------------------------------------------------------- corrections


def is_proxy_result(result: object) -> bool:
    """Tell whether API Gateway would accept what a function returned.

    "Set up Lambda proxy integrations": an object of exactly these keys, the body a string.
    """
    if not isinstance(result, Mapping) or not set(result) <= PROXY_RESULT_KEYS:
        return False
    status = result.get("statusCode")
    if isinstance(status, bool) or not isinstance(status, int) or status not in STATUS_CODES:
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


def failure(reason: str) -> dict[str, Any]:
    """Return a response that the front door turns into the gateway's own."""
    return {"statusCode": 502, "headers": {FAILURE_HEADER: reason}, "body": ""}


def without_content_length(result: dict[str, Any]) -> dict[str, Any]:
    """Return the result as API Gateway passes it on: it counts the body itself.

    "Amazon API Gateway important notes": a function's Content-Length is remapped.
    """
    for group in ("headers", "multiValueHeaders"):
        headers = result.get(group) or {}
        for name in [name for name in headers if name.lower() == "content-length"]:
            headers["x-amzn-Remapped-Content-Length"] = headers.pop(name)
    return result


def strict_proxy_response(execution: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Turn what a function did into a response, refusing what API Gateway refuses."""
    if execution.get("throttle"):
        return failure("throttled"), None
    if execution.get("error"):
        return failure("function_error"), None
    result = execution.get("body")
    if isinstance(result, str | bytes):
        try:
            result = json.loads(result)
        except ValueError:
            return failure("malformed_result"), None
    if not isinstance(result, dict) or not is_proxy_result(result) or not _is_decodable(result):
        return failure("malformed_result"), None
    if len(json.dumps(result)) > MAX_LAMBDA_PAYLOAD_BYTES:
        return failure("result_too_large"), None
    result.setdefault("body", "")
    result["body"] = result["body"] or ""
    return without_content_length(result), None


def media_type_matches(
    media_type: str | None,
    binary_media_types: list[str] | None,
    *,
    original: Callable[..., bool] = apigateway_v1._media_type_matches,
) -> bool:
    """Tell whether a body is binary; ``*/*`` also means the one without a type."""
    if not (media_type or "").strip():
        return "*/*" in (binary_media_types or [])
    return bool(original(media_type, binary_media_types))


def extract_iam_action(
    *arguments: Any, original: Callable[..., str | None] = iam_actions.extract_iam_action, **named: Any
) -> str | None:
    """Name the action that a call needs; SQS asks for that of a single message for a batch too.

    "Amazon SQS API permissions: actions and resource reference".
    """
    action = original(*arguments, **named)
    if action is not None and action.startswith("sqs:") and action.endswith("Batch"):
        return action.removesuffix("Batch")
    return action


def correct() -> None:
    """Replace what differs from AWS."""
    iam_actions.extract_iam_action = extract_iam_action
    lambda_svc.lambda_execute_result_to_api_proxy_response = strict_proxy_response
    apigateway_v1._media_type_matches = media_type_matches


# --------------------------------------------------------------------------- an orderly stop


def _refuse_to_spawn(_worker: object) -> None:
    message = "the local cloud is stopping"
    raise RuntimeError(message)


def kill_workers() -> None:
    """End every Lambda process as a machine's failure would, and let none start.

    Were they to work on while the tables and queues are written to disk one after another, a
    message could be deleted whose effect on the table is not kept.
    """
    lambda_runtime.Worker._spawn = _refuse_to_spawn
    for worker in [worker for pool in list(lambda_runtime._workers.values()) for worker in pool]:
        process = worker._proc
        if process is not None and process.poll() is None:
            process.kill()


def release_messages() -> None:
    """Make messages that a Lambda process held visible again: that process is dead."""
    now = time.time()
    for _, queue in sqs._queues.all_items():
        for message in queue["messages"]:
            if message.get("receive_count", 0):
                message["visible_at"] = min(message["visible_at"], now)


def end_leases() -> None:
    """Let go of the images that a Lambda process held: that process is dead.

    Without this, a kept job would wait after the next start until the function's timeout.
    """
    for _, table in dynamodb._tables.all_items():
        for item in _items_of(table["items"]):
            if LEASE_ATTRIBUTE in item:
                item[LEASE_ATTRIBUTE] = {"N": "0"}


def _items_of(tree: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Walk the items of a table, which stand by partition key, then by sort key."""
    for partition in tree.values():
        yield from partition.values()


_saving = threading.Lock()
_saved = threading.Event()


def save(services: dict[str, Any]) -> None:
    """Write the state of all services to disk once, with nothing running that could change it."""
    with _saving:
        if _saved.is_set():
            return
        kill_workers()
        release_messages()
        end_leases()
        persistence.save_all(services)
        _saved.set()


def stop_when_input_ends() -> None:
    """Wait for the end of standard input, then stop the emulator."""
    while sys.stdin.buffer.read(1):
        pass
    kill_workers()
    os.kill(os.getpid(), signal.SIGTERM)
    _saved.wait(SHUTDOWN_GRACE_SECONDS)
    # Not saved yet: from Python 3.12 on, the server waits for a client that holds on.
    if persistence.PERSIST_STATE:
        save(gateway._build_persistence_save_dict())
    os._exit(0)


def main() -> None:
    """Run the emulator until standard input ends."""
    correct()
    gateway.save_all = save
    threading.Thread(target=stop_when_input_ends, daemon=True).start()
    gateway.main()


if __name__ == "__main__":
    main()
