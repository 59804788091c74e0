"""Run a codec in a child process with bounded time and memory.

For codecs that may exit, abort or hang the process they run in: a C library that calls `exit` on
damage, a Rust library that panics, a command-line tool.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.limits import Deadline, Limits

if sys.platform == "linux":
    import resource

_logger = logging.getLogger(__name__)
_WORKER = "leanpix_engine.formats.child_main"
STARTED = b"started\n"
"""What a child writes to standard error before its codec sees the file: what fails before that
fails by our fault."""
_LOADER_FAILED = frozenset({126, 127})
"""Exit codes of a program that cannot be run, or whose libraries are missing (POSIX shells and
`ld.so` use them; no tool of ours does)."""


class CodecFailed(Exception):
    """The child ended with an error; its last words are the message."""


class ChildNotStarted(Refused):
    """A child that did not start: `ENGINE_FAILURE`, a fault of the installation."""

    def __init__(self, command: list[str], why: str) -> None:
        super().__init__(Reason.ENGINE_FAILURE)
        # The text is public; what it takes to mend the installation is not.
        _logger.error("%s does not start: %s", Path(command[0]).name, why)


def run(command: list[str], stdin: bytes, limits: Limits, deadline: Deadline) -> bytes:
    """Return what `command` writes to its standard output, given `stdin`.

    Raises:
        CodecFailed: it ended with an error or was killed for its memory.
        ChildNotStarted: our fault, not the file's.
        Refused: `TIMEOUT`.
    """
    return _run(command, stdin, limits, deadline, starts_with=None)


def _run(
    command: list[str],
    stdin: bytes,
    limits: Limits,
    deadline: Deadline,
    *,
    starts_with: bytes | None,
) -> bytes:
    """Run a child; one that fails before it has written `starts_with` to stderr did not start."""
    seconds = min(limits.max_child_seconds, deadline.left())
    # However it goes, the pipes are closed and the child has ended.
    with _start(command) as process:
        try:
            _bound(process.pid, limits, seconds)
            output, errors = process.communicate(stdin, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            raise Refused(Reason.TIMEOUT) from error
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    if process.returncode != 0:
        has_started = process.returncode not in _LOADER_FAILED
        if starts_with is not None:
            has_started = errors.startswith(starts_with)
            errors = errors.removeprefix(starts_with)
        text = errors.decode(errors="replace").strip()[-500:] or f"exit code {process.returncode}"
        if not has_started:
            raise ChildNotStarted(command, text)
        raise CodecFailed(text)
    return output


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a child whose three streams are pipes.

    Raises:
        ChildNotStarted: our fault, not the file's.
    """
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment())
    except OSError as error:
        raise ChildNotStarted(command, str(error)) from error


def call(
    operation: str, stdin: bytes, limits: Limits, deadline: Deadline, *arguments: str
) -> bytes:
    """Run one operation of `child_main` in a Python of its own.

    Raises:
        CodecFailed: it ended with an error or was killed for its memory.
        ChildNotStarted: our fault, not the file's.
        Refused: `TIMEOUT`.
    """
    command = [sys.executable, "-m", _WORKER, operation, *arguments]
    return _run(command, stdin, limits, deadline, starts_with=STARTED)


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
    if sys.platform != "linux":
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
