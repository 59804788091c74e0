"""Lease the processes in which the emulated AWS runs functions, and end them in order.

Lambda starts an environment for each call that finds none free, on a machine of its own. Here all
share a few cores: a process for each of 64 calls at once takes longer to start than all 64 take
to be answered. So a function has a few processes, and the other calls wait for one of them; only
where all are held for long, as by polls, more are started. And a bundle is unpacked once, not for
each process: that was most of a start.

It runs with the emulator's own Python, which has none of our packages.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

FIRST_PROCESSES: Final = 4
"""The processes of a function that are started as calls come in."""
MOST_PROCESSES: Final = 128
PATIENCE_SECONDS: Final = 1.0
"""How long calls wait for a process before there are twice as many."""

_NAME_DIGITS: Final = 16

_freed = threading.Condition(lambda_runtime._lock)
_bounds: dict[str, int] = {}
"""How many processes a function may have, by its key."""
_last_change: dict[str, float] = {}
"""When a process of a function came free, or their bound was raised."""


def lease_worker(
    function: str,
    config: dict[str, Any],
    code: bytes,
    qualifier: str = "$LATEST",
    *,
    original: Callable[..., tuple[Any, str]] = lambda_runtime.acquire_worker,
) -> tuple[Any, str]:
    """Return a free process, or a new one while there are few; else wait for one.

    The limits of concurrency that Lambda has are checked before: to wait here is no throttle.
    """
    key = lambda_runtime._worker_key(function, config, qualifier)
    while True:
        bound = _bounds.get(key, FIRST_PROCESSES)
        worker, how = original(function, config, code, qualifier, max_concurrency=bound)
        if worker is not None:
            return worker, how
        with _freed:
            _wait(key)


def _wait(key: str) -> None:
    """Wait until a process is free or another may be started, or for as long as there is patience.

    Where none has come free for so long, there may be twice as many from then on.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        pool = lambda_runtime._workers.get(key, [])
        if len(pool) < _bounds.get(key, FIRST_PROCESSES):
            return
        if not all(worker.in_use for worker in pool):
            return
        _freed.wait(left)
    pool = lambda_runtime._workers.get(key, [])
    is_moving = time.monotonic() - _last_change.get(key, 0) < PATIENCE_SECONDS
    is_starting = any(worker._cold for worker in pool)
    if not is_moving and not is_starting:
        _bounds[key] = min(2 * _bounds.get(key, FIRST_PROCESSES), MOST_PROCESSES)
        _last_change[key] = time.monotonic()
        _freed.notify_all()


# --------------------------------------------------------------------------- bundles


_unpacking: dict[str, threading.Lock] = defaultdict(threading.Lock)


class Bundle(zipfile.ZipFile):
    """The archive of a function or layer, which is unpacked once for all processes.

    None of them may write there: on Lambda they can not.
    """

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Let an empty folder lead to the unpacked archive."""
        contents = [(each.filename, each.CRC, each.external_attr) for each in self.infolist()]
        digest = hashlib.sha256(repr(contents).encode()).hexdigest()[:_NAME_DIGITS]
        unpacked = Path(tempfile.gettempdir()) / f"bundle-{digest}"
        with _unpacking[digest]:
            if not unpacked.is_dir():
                fresh = unpacked.with_suffix(".fresh")
                super().extractall(fresh, members=self.infolist())
                fresh.rename(unpacked)
        Path(path).rmdir()
        Path(path).symlink_to(unpacked)

    def namelist(self) -> list[str]:
        """Return nothing to check: no member leaves the folder that it is extracted to."""
        return []


# --------------------------------------------------------------------------- ends


def retire(
    workers: list[Any], *, end: Callable[[list[Any]], None] = lambda_runtime.kill_workers
) -> None:
    """End the processes that have nothing to do; the others when they have ended their work.

    "Lambda function versions" and "Updating function code": a call that has begun is ended by the
    environment that it began in. The emulator kills all of them, also those that still start.
    """
    for worker in workers:
        worker.is_retired = worker.in_use
    end([worker for worker in workers if not worker.in_use])


def release_worker(
    worker: Any,
    *,
    original: Callable[[Any], None] = lambda_runtime.release_worker,
    end: Callable[[list[Any]], None] = lambda_runtime.kill_workers,
) -> None:
    """Take a process back from its call, and end it if it was retired meanwhile."""
    original(worker)
    if worker is not None:
        with _freed:
            key = lambda_runtime._worker_key(
                worker.func_name, worker.config, worker.config.get("Version", "$LATEST")
            )
            _last_change[key] = time.monotonic()
            _freed.notify_all()
    if getattr(worker, "is_retired", False):
        # Whoever waits for the answer need not wait for this.
        threading.Thread(target=end, args=([worker],), daemon=True).start()


def invoke(
    worker: Any,
    *arguments: Any,
    original: Callable[..., dict[str, Any]] = lambda_runtime.Worker.invoke,
    end: Callable[[list[Any]], None] = lambda_runtime.kill_workers,
    **named: Any,
) -> dict[str, Any]:
    """Have a process do a call; one that does not start is ended, since nobody releases it."""
    try:
        return original(worker, *arguments, **named)
    except Exception:
        end([worker])
        raise


def end_at_once(
    worker: Any, *, end: Callable[[list[Any]], None] = lambda_runtime.kill_workers
) -> None:
    """End a process whatever it does: its time is up."""
    end([worker])


def keep_old_layers() -> None:
    """Sweep no layer away whose version was deleted: a process of before may still start with it.

    "Deleting a layer version": functions that use it go on using it.
    """


def correct() -> None:
    """Replace what differs from AWS, or from what a machine of few cores can do."""
    lambda_svc._sweep_extract_cache = keep_old_layers
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=Bundle, BadZipFile=zipfile.BadZipFile)
    lambda_runtime.kill_workers = retire
    lambda_runtime.acquire_worker = lambda_svc.acquire_worker = lease_worker
    lambda_runtime.release_worker = lambda_svc.release_worker = release_worker
    lambda_runtime.Worker.invoke = invoke
    lambda_runtime.Worker.kill = end_at_once
