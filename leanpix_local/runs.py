"""Keep a folder for each running cloud, and clear away what dead ones have left."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leanpix_local.errors import AlreadyRunningError
from leanpix_local.processes import ProcessMark, end_tree

LOCK_NAME: Final = "lock"
_RECORD: Final = "run.json"


@dataclass(frozen=True, slots=True)
class Run:
    """The folder of one running cloud."""

    folder: Path

    def record(self, emulator: ProcessMark | None = None) -> None:
        """Write who owns this run and which emulator it has started."""
        data = {
            "owner": ProcessMark.of(os.getpid()).to_json(),
            "emulator": emulator.to_json() if emulator else None,
        }
        write_atomically(self.folder / _RECORD, json.dumps(data))

    def remove(self) -> None:
        """Remove the folder and all that the run has left in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()


def begin(runs_dir: Path) -> Run:
    """Clear away what dead runs have left, and make a folder for a new one."""
    sweep(runs_dir)
    runs_dir.mkdir(parents=True, exist_ok=True)
    run = Run(Path(tempfile.mkdtemp(prefix="", dir=runs_dir)))
    run.record()
    return run


def sweep(runs_dir: Path) -> None:
    """End the emulators and remove the folders of runs whose owner is dead."""
    if not runs_dir.is_dir():
        return
    for folder in runs_dir.iterdir():
        try:
            data = json.loads((folder / _RECORD).read_text("utf-8"))
            owner = ProcessMark.from_json(data["owner"])
            emulator = ProcessMark.from_json(data["emulator"]) if data["emulator"] else None
        except (OSError, ValueError, KeyError, TypeError):
            # Without a record yet, or no folder of ours.
            continue
        if owner.find() is not None:
            continue
        process = emulator.find() if emulator else None
        if process is not None:
            # It stops by itself when its owner dies, and writes its state; let it.
            with contextlib.suppress(Exception):
                process.wait(timeout=30)
            end_tree(process)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone; the system lets go of it however we end."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / LOCK_NAME
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            text = lock.read().strip()
            raise AlreadyRunningError(int(text) if text.isdigit() else None) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def write_atomically(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file so that a reader sees either all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
