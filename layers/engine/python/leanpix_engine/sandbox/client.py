"""Optimize an image in a process of its own, bounded from outside, where it can do no harm.

    optimizer = SandboxedOptimizer()
    result = optimizer.optimize(source, options, limits)

Image libraries are C; libvips, libjpeg and libheif cannot be told to stop, and a flaw in one of
them ends the process that it runs in. So the caller's process never decodes anything:
`forkserver.py` forks a child for each image, with bounds on time, memory and files. It costs some
30 ms an image (`docs/security.md`). Needs Linux; `AVAILABLE` says whether it is there.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
import weakref
from dataclasses import dataclass
from typing import Any

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.child import environment
from leanpix_engine.limits import Limits
from leanpix_engine.model import Options, Result
from leanpix_engine.sandbox import protocol

AVAILABLE = sys.platform == "linux"

_START_SECONDS = 30.0
_GRACE_SECONDS = 6.0
"""After the deadline, before the fork server itself is ended; it ends its child after 2."""
_STOP_SECONDS = 2.0
_MAX_ANSWER_BYTES = 400_000_000


class EngineBroken(Exception):
    """The engine failed by its own fault; the text says where, for its developers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The memory that the last image took, and the signal that ended it."""

    peak_bytes: int = 0
    """Largest resident memory of its process, shared libraries included."""
    signal: int = 0
    """The signal that ended it, if one did."""


class SandboxedOptimizer:
    """Optimizes one image at a time, each in a process of its own.

    The first process starts with this object and loads the libraries meanwhile.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server = _ForkServer()
        self.usage = Usage()

    def optimize(
        self, source: bytes, options: Options | None = None, limits: Limits | None = None
    ) -> Result:
        """Optimize an image, as `leanpix_engine.optimize` does.

        Raises:
            Refused: as there, and `UNSAFE_CONTENT` where the image ended its process.
            EngineBroken: the engine failed by its own fault.
        """
        limits = limits or Limits()
        if len(source) > limits.max_bytes:
            raise Refused(Reason.TOO_LARGE, f"The file has more than {limits.max_bytes:,} bytes.")
        with self._lock:
            for is_last in (False, True):
                try:
                    return self._optimize(source, options or Options(), limits)
                except _ForkServerGone as gone:
                    # It had ended meanwhile, through no fault of this image: once more.
                    self._server = _ForkServer()
                    if is_last:
                        raise EngineBroken(_NO_SERVER) from gone
        raise AssertionError  # pragma: no cover - the last turn returns or raises

    def close(self) -> None:
        """End the processes."""
        self._server.stop()

    @property
    def process_id(self) -> int:
        """The process that makes the others."""
        return self._server.process.pid

    def _optimize(self, source: bytes, options: Options, limits: Limits) -> Result:
        ends_at = time.monotonic() + limits.max_seconds + _GRACE_SECONDS
        self.usage = Usage()
        answer = None
        with self._server.fork(limits.max_seconds) as child:
            try:
                child.settimeout(limits.max_seconds + _GRACE_SECONDS)
                protocol.send(child, protocol.pack_task(options, limits), source)
                child.settimeout(max(0.1, ends_at - time.monotonic()))
                answer = protocol.receive(child, _MAX_ANSWER_BYTES)
            except (protocol.Broken, ConnectionError):
                pass  # it ended; the fork server says how
            except TimeoutError as error:
                self._server.stop()
                raise Refused(Reason.TIMEOUT) from error
        took = limits.max_seconds + _GRACE_SECONDS - (ends_at - time.monotonic())
        self.usage = self._server.report(max(1.0, ends_at - time.monotonic()))
        if answer is None:
            raise _refusal(took, limits)
        fields, blobs = answer
        if "failed" in fields:
            raise EngineBroken(str(fields["failed"]))
        try:
            return protocol.unpack_answer(fields, blobs)
        except protocol.Broken as error:
            raise _refusal(took, limits) from error


_NO_SERVER = "the engine's process does not start"


def _refusal(took_seconds: float, limits: Limits) -> Refused:
    """Return the refusal of an image that ended its process."""
    if took_seconds >= limits.max_seconds:
        return Refused(Reason.TIMEOUT)
    return Refused(Reason.UNSAFE_CONTENT)


class _ForkServerGone(Exception):
    """The fork server has ended."""


class _ForkServer:
    """`forkserver.py`, running."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "leanpix_engine.sandbox.forkserver", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment(),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._is_ready = False
        self.stop = weakref.finalize(self, _end, self.process, self._control)

    def fork(self, seconds: float) -> socket.socket:
        """Fork a child for one image, and return its socket.

        Raises:
            _ForkServerGone: it does not run.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._await_start()
                socket.send_fds(self._control, [f"{seconds:.3f}".encode()], [theirs.fileno()])
        except (OSError, protocol.Broken) as error:
            ours.close()
            self.stop()
            raise _ForkServerGone from error
        return ours

    def report(self, seconds: float) -> Usage:
        """Return what the child that has ended took.

        Raises:
            _ForkServerGone: it does not run.
        """
        try:
            self._control.settimeout(seconds)
            fields: dict[str, Any] = protocol.receive(self._control, 0)[0]
            return Usage(**fields)
        except (OSError, protocol.Broken) as error:
            self.stop()
            raise _ForkServerGone from error

    def _await_start(self) -> None:
        if self._is_ready:
            return
        self._control.settimeout(_START_SECONDS)
        if not self._control.recv(1):
            raise protocol.Broken
        self._is_ready = True


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
