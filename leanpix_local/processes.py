"""Recognize processes of the local cloud, and end them with all their children."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from typing import Any

import psutil

_END_SECONDS = 5.0
_CLOCK_TICK_SECONDS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessMark:
    """The identity of a process: its id may be given anew, its start time not."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> ProcessMark:
        """Return the mark of a running process."""
        return cls(pid=pid, created=psutil.Process(pid).create_time())

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> ProcessMark:
        """Return the mark that `to_json` wrote."""
        return cls(pid=int(data["pid"]), created=float(data["created"]))

    def to_json(self) -> dict[str, Any]:
        """Return the mark for a file."""
        return asdict(self)

    def find(self) -> psutil.Process | None:
        """Return the process if it is still the same one and alive."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < _CLOCK_TICK_SECONDS
            if same and process.status() != psutil.STATUS_ZOMBIE:
                return process
        return None


def end_tree(process: psutil.Process) -> None:
    """Kill a process and everything it has started, and wait until they are gone."""
    with contextlib.suppress(psutil.NoSuchProcess):
        # The parent first, or it would start new children in place of the killed ones.
        process.suspend()
    family = [process]
    with contextlib.suppress(psutil.NoSuchProcess):
        family += process.children(recursive=True)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(family, timeout=_END_SECONDS)
