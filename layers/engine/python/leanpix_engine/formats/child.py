"""Run a codec in a child process with bounded time and memory.

For codecs that may exit, abort or hang the process they run in: a C library that calls `exit` on
damage, a Rust library that panics, a command-line tool.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys

from leanpix_engine.deadline import Deadline
from leanpix_engine.errors import Reason, Refused
from leanpix_engine.limits import Limits

_WORKER = "leanpix_engine.formats.child_main"


class CodecFailed(Exception):
    """The child ended with an error; its last words are the message."""


def run(command: list[str], stdin: bytes, limits: Limits, deadline: Deadline) -> bytes:
    """Return what `command` writes to its standard output, given `stdin`.

    Raises:
        CodecFailed: it ended with an error or was killed for its memory.
        Refused: `TIMEOUT`.
    """
    seconds = min(limits.max_child_seconds, deadline.left())
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    _bound(process.pid, limits, seconds)
    try:
        output, errors = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise Refused(Reason.TIMEOUT) from error
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode != 0:
        raise CodecFailed(
            errors.decode(errors="replace").strip()[-500:] or f"exit code {process.returncode}"
        )
    return output


def call(
    operation: str, stdin: bytes, limits: Limits, deadline: Deadline, *arguments: str
) -> bytes:
    """Run one operation of `child_main` in a Python of its own.

    Raises:
        CodecFailed: it ended with an error or was killed for its memory.
        Refused: `TIMEOUT`.
    """
    return run([sys.executable, "-m", _WORKER, operation, *arguments], stdin, limits, deadline)


def environment() -> dict[str, str]:
    """Return the environment that a codec needs: no credentials of the surrounding function."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR", "LANG")
        if name in os.environ
    }
    return kept | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _bound(pid: int, limits: Limits, seconds: float) -> None:
    """Set the child's limits from outside where the system can (Linux)."""
    if not hasattr(resource, "prlimit"):
        return
    bounds = {
        resource.RLIMIT_AS: limits.max_memory_bytes,
        resource.RLIMIT_CPU: int(seconds) + 1,
        resource.RLIMIT_CORE: 0,
    }
    for kind, bound in bounds.items():
        try:
            resource.prlimit(pid, kind, (bound, bound))
        except ProcessLookupError:
            return  # already done
