"""Run the emulated AWS (ministack) inside `.venv-cloud`, started by `leanpix_local.ministack`.

Three things are added to it. Where it is kinder than API Gateway, it is corrected, so that a
mistake shows here and not first after a deploy. Where it is harsher than Lambda, it is corrected
too (`leanpix_local.workers`). And it stops in an order that loses nothing: when its standard input
ends, be it that its parent asks for it or that its parent has died.

It runs with the emulator's own Python, which has none of our packages: it may import nothing of
ours that needs any.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ministack import app as gateway
from ministack.core import iam_actions, lambda_runtime, persistence
from ministack.services import apigateway_v1, dynamodb, lambda_svc, sqs

from leanpix_local import workers
from leanpix_local.proxy_result import proxy_response

LEASE_ATTRIBUTE: Final = "lease_ends_at"
"""The attribute of an image in the jobs table that says until when a worker holds it."""

SHUTDOWN_GRACE_SECONDS: Final = 5.0


# --------------------------------------------------------------------------- corrections


def media_type_matches(
    media_type: str | None,
    binary_media_types: list[str] | None,
    *,
    original: Callable[..., bool] = apigateway_v1._media_type_matches,
) -> bool:
    """Tell whether a body is binary; `*/*` also means the one without a type."""
    if not (media_type or "").strip():
        return "*/*" in (binary_media_types or [])
    return bool(original(media_type, binary_media_types))


def extract_iam_action(
    *arguments: Any,
    original: Callable[..., str | None] = iam_actions.extract_iam_action,
    **named: Any,
) -> str | None:
    """Name the action that a call needs; SQS asks for that of a single message for a batch too.

    "Amazon SQS API permissions: actions and resource reference".
    """
    action = original(*arguments, **named)
    if action is not None and action.startswith("sqs:") and action.endswith("Batch"):
        return action.removesuffix("Batch")
    return action


def extract_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo | str,
    *arguments: Any,
    original: Callable[..., str] = zipfile.ZipFile._extract_member,  # type: ignore[attr-defined]  # private to zipfile
) -> str:
    """Extract a file of a bundle with its mode, as Lambda does: layers carry programs."""
    path = original(archive, member, *arguments)
    info = member if isinstance(member, zipfile.ZipInfo) else archive.getinfo(member)
    mode = info.external_attr >> 16 & 0o777
    if mode and not info.is_dir():
        Path(path).chmod(mode)
    return path


def answer_and_log(execution: dict[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Turn what a function did into a response, and show what it logged."""
    if execution.get("log"):
        logging.getLogger("lambda").info("%s", execution["log"])
    return proxy_response(execution)


def correct() -> None:
    """Replace what differs from AWS."""
    workers.correct()
    iam_actions.extract_iam_action = extract_iam_action
    apigateway_v1._lambda_proxy_response = answer_and_log
    apigateway_v1._media_type_matches = media_type_matches
    zipfile.ZipFile._extract_member = extract_member  # type: ignore[attr-defined]  # private to zipfile


# --------------------------------------------------------------------------- an orderly stop


def _refuse_to_spawn(_worker: object) -> None:
    message = "the local cloud is stopping"
    raise RuntimeError(message)


def freeze() -> None:
    """End every Lambda process as a machine's failure would, and let none start.

    Were they to work on while the tables and queues are written to disk one after another, a
    message could be deleted whose effect on the table is not kept.
    """
    lambda_svc._poll_sqs = lambda: False
    lambda_runtime.Worker._spawn = _refuse_to_spawn
    pools = list(lambda_runtime._workers.values())
    processes = [each._proc for pool in pools for each in pool if each._proc is not None]
    for process in processes:
        process.kill()
    for process in processes:
        # Whoever starts a process has to bury it: not every machine's process 1 does.
        process.wait()


def queues_to_keep() -> dict[str, Any]:
    """Return the queues' state, in which no process holds a message: they all are dead.

    That try does not count: it ended for a reason that is not the message's.
    """
    state: dict[str, Any] = sqs.get_state()
    now = time.time()
    for _, queue in state["queues"].all_items():
        for message in queue["messages"]:
            if message["receive_count"] and message["visible_at"] > now:
                message["visible_at"] = now
                message["receive_count"] -= 1
    return state


def tables_to_keep() -> dict[str, Any]:
    """Return the tables' state, in which no process holds an image.

    Without this, a kept job would wait after the next start until the function's timeout.
    """
    state: dict[str, Any] = dynamodb.get_state()
    for _, table in state["tables"].all_items():
        # Items stand by partition key, then by sort key.
        for partition in table["items"].values():
            for item in partition.values():
                if LEASE_ATTRIBUTE in item:
                    item[LEASE_ATTRIBUTE] = {"N": "0"}
    return state


_saving = threading.Lock()
_saved = threading.Event()


def save(services: dict[str, Callable[[], Any]]) -> None:
    """Write the state of all services to disk once, with nothing running that could change it."""
    with _saving:
        if _saved.is_set():
            return
        freeze()
        kept = {"sqs": queues_to_keep, "dynamodb": tables_to_keep}
        persistence.save_all(
            {name: kept.get(name, get_state) for name, get_state in services.items()}
        )
        _saved.set()


def stop_when_input_ends() -> None:
    """Wait for the end of standard input, then stop the emulator."""
    while sys.stdin.buffer.read(1):
        pass
    freeze()
    if persistence.PERSIST_STATE:
        # Closes the server first, so that no request changes what is being written.
        os.kill(os.getpid(), signal.SIGTERM)
        _saved.wait(SHUTDOWN_GRACE_SECONDS)
        # From Python 3.12 on, the server waits for a client that holds on to its connection.
        save(gateway._build_persistence_save_dict())
    os._exit(0)


def main() -> None:
    """Run the emulator until standard input ends."""
    correct()
    gateway.save_all = save
    threading.Thread(target=stop_when_input_ends, daemon=True).start()
    gateway.main()
