"""Call the processes that encode: ours (`server.py`) and sharp's (`sharp/encode.cjs`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.rivals_setup import BUILD, ROOT

_SHARP_SCRIPT: Final = Path(__file__).resolve().parent / "sharp" / "encode.cjs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of one encode."""

    bytes: int = 0
    cpu_seconds: float = 0.0
    peak_kilobytes: int = 0
    kept: str | None = None
    """Why our engine left the source as it is, where it did."""
    refused: str | None = None
    failed: str | None = None
    quality: float | None = None
    own_score: float | None = None
    """The score that our engine itself told."""
    size: tuple[int, int] | None = None
    """Width and height that our engine told."""
    wall_seconds: float = 0.0

    @property
    def done(self) -> bool:
        """Whether a file was written."""
        return not (self.refused or self.failed)


class Process:
    """A process that reads a task a line and answers with a line."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    def ask(self, task: dict[str, Any]) -> Answer:
        """Return the answer; start the process where it does not run."""
        process = self._running()
        if process.stdin is None or process.stdout is None:
            raise RuntimeError
        try:
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.close()
            return Answer(failed="the encoding process ended")
        fields = json.loads(line)
        if fields.get("size"):
            fields["size"] = tuple(fields["size"])
        return Answer(**fields)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process


class Sharp(Process):
    """A Node.js process with sharp; its first line names its versions."""

    def __init__(self, node: str) -> None:
        super().__init__([node, str(_SHARP_SCRIPT), str(BUILD)])
        self.versions: dict[str, str] = {}

    def greet(self) -> None:
        """Start the process, so that its versions are known."""
        self._running()

    def _running(self) -> subprocess.Popen[str]:
        is_new = self._process is None
        process = super()._running()
        if is_new and process.stdout is not None:
            self.versions = json.loads(process.stdout.readline() or "{}")
        return process


def engine_server() -> Process:
    """Return the process that runs our engine, Pillow and oxipng."""
    return Process([sys.executable, "-m", "benchmarks.server", "engine"])


def program_server() -> Process:
    """Return the process that runs other programs."""
    return Process([sys.executable, "-m", "benchmarks.server", "programs"])
