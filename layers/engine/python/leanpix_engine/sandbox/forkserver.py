"""Load the libraries once, and fork a child for each image.

It never touches an image. A child works on one image and ends; what a hostile image does to it,
it does to nobody else: no other image, no credential, no network handle is in it. Started by
`client.py`; needs Linux.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import socket
import sys
import traceback
from typing import NoReturn

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.registry import codec_of
from leanpix_engine.limits import Limits
from leanpix_engine.pipeline import run
from leanpix_engine.sandbox import protocol

_PR_SET_PDEATHSIG = 1  # prctl(2)
_MAX_SOURCE_BYTES = 1_000_000_000
_MAX_OPEN_FILES = 256
_GRACE_SECONDS = 2.0
"""After the engine's own deadline, before it is stopped from outside."""
_OOM_SCORE = "1000"
"""The score by which this process goes first when memory runs out (proc(5), oom_score_adj)."""


def main() -> None:
    """Serve until the other end of the control socket is closed."""
    for format_ in Format:
        codec_of(format_)  # loaded once for all children
    control = socket.socket(fileno=int(sys.argv[1]))
    control.sendall(b"\0")
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 1)
        if not message or not descriptors:
            return
        alive, held_by_child = os.pipe()
        child = os.fork()
        if child == 0:
            control.close()
            os.close(alive)
            _work(descriptors[0])
        os.close(held_by_child)
        os.close(descriptors[0])
        status, peak = _wait(child, alive, control, float(message))
        os.close(alive)
        with contextlib.suppress(ConnectionError):  # nobody waits any more: ends with the loop
            protocol.send(control, {"signal": max(0, -status), "peak_bytes": peak})


def _wait(child: int, alive: int, control: socket.socket, seconds: float) -> tuple[int, int]:
    """Return the child's exit code (negative: a signal) and peak memory; end it in time.

    `alive` is a pipe that the child alone holds open.
    """
    readable, _, _ = select.select([alive, control.fileno()], [], [], seconds + _GRACE_SECONDS)
    # Not the child: the time is up, or nobody waits any more.
    if alive not in readable:
        _kill_group(child)
    _, status, usage = os.wait4(child, 0)
    # Codecs in processes of their own that it left behind.
    _kill_group(child)
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024


def _kill_group(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _work(descriptor: int) -> NoReturn:
    """Work in the child on one image, from its own socket."""
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # What libraries complain of a hostile image is not for the log.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with socket.socket(fileno=descriptor) as parent:
            fields, (source,) = protocol.receive(parent, _MAX_SOURCE_BYTES)
            options, limits = protocol.unpack_task(fields)
            _bound(limits)
            try:
                answer, blobs = protocol.pack_result(run(source, options, limits))
            except Refused as refusal:
                answer, blobs = {"refused": refusal.reason.value, "text": refusal.text}, []
            except MemoryError:
                answer, blobs = {"refused": Reason.TOO_LARGE.value, "text": _NEEDS_MEMORY}, []
            except Exception:  # noqa: BLE001 - the process's boundary: told to the parent
                answer, blobs = {"failed": traceback.format_exc()[-4_000:]}, []
            protocol.send(parent, answer, *blobs)
    finally:
        os._exit(0)


_NEEDS_MEMORY = "This image takes more memory than the limits allow."


def _bound(limits: Limits) -> None:
    seconds = int(limits.max_seconds * 2) + 2  # CPU time; a few threads may work at once
    for which, bound in (
        (resource.RLIMIT_AS, limits.max_process_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(which)[1]
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (allowed, allowed))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:  # noqa: PTH123 - one file of the kernel, no path to work with
        score.write(_OOM_SCORE)


if __name__ == "__main__":
    main()
