"""Synthesize the template for this machine, only when its sources have changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from leanpix.contract import stack_name
from leanpix_local.errors import LocalCloudError, MissingPrerequisiteError
from leanpix_local.paths import ASSEMBLIES_DIR, ROOT

STAGE: Final = "local"
FLAVOUR: Final = "host"

INTEGRATION_TIMEOUT_SECONDS: Final = 125
"""The time-out that lets a poll be held for the full documented 120 s."""
OPTIMIZER_TIMEOUT_SECONDS: Final = 60
"""Half of a deployed one, so that the image of a killed optimizer is tried again sooner."""

CONTEXT: Final = {
    "stage": STAGE,
    "flavour": FLAVOUR,
    "integration_timeout_seconds": str(INTEGRATION_TIMEOUT_SECONDS),
    "front_door_timeout_seconds": "180",
    "optimizer_timeout_seconds": str(OPTIMIZER_TIMEOUT_SECONDS),
    "max_concurrency": str(max(2, os.cpu_count() or 2)),
}
_NAME_DIGITS: Final = 16
_ASSEMBLIES_KEPT: Final = 3
_LAYERS: Final = ("shared", "engine", "native")
_SOURCES: Final = (
    "app.py",
    "cdk.json",
    "infra",
    "functions",
    "layers/shared",
    "layers/engine",
    "build/console/console.digest",
)
_PROGRAM: Final = """
import json, sys
from pathlib import Path
from infra.synth import synthesize
synthesize(Path(sys.argv[1]), json.loads(sys.argv[2]))
"""


class SynthesisError(LocalCloudError):
    """A template that cannot be synthesized."""

    def __init__(self, output: str) -> None:
        """Say so by the last line of the CDK app's output."""
        lines = output.strip().splitlines() or ["no reason given"]
        super().__init__(f"The template cannot be synthesized: {lines[-1]}")


def assembly(*, front_door: bool = True) -> Path:
    """Return the folder of the assembly for this machine, synthesized if need be.

    Its name is the hash of what it is made from: nobody changes one that another may be reading.
    """
    context = {**CONTEXT, "front_door": str(front_door).lower()}
    folder = ASSEMBLIES_DIR / _digest(context)[:_NAME_DIGITS]
    ASSEMBLIES_DIR.mkdir(parents=True, exist_ok=True)
    with (ASSEMBLIES_DIR / "lock").open("w") as lock:
        # Two clouds that start at once need not both synthesize.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _synthesize(folder, context)
            _prune(keep=folder)
    return folder


def read_template(*, front_door: bool = True) -> dict[str, Any]:
    """Return the template for this machine."""
    path = assembly(front_door=front_door) / f"{stack_name(STAGE)}.template.json"
    template: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return template


def _prune(*, keep: Path) -> None:
    """Remove the assemblies that nobody has made for a while."""
    folders = [path for path in ASSEMBLIES_DIR.iterdir() if path.is_dir() and path != keep]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in folders[_ASSEMBLIES_KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _synthesize(folder: Path, context: Mapping[str, str]) -> None:
    """Run the CDK app in a process of its own: it starts Node.js and leaves a lot in memory."""
    fresh = folder.with_name(f".{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(fresh), json.dumps(context)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SynthesisError(done.stderr or done.stdout)
    fresh.rename(folder)


def _digest(context: Mapping[str, str]) -> str:
    """Return the hash of everything that the assembly is made from."""
    digest = hashlib.sha256(repr(sorted(context.items())).encode())
    for path in _inputs():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    for layer in _LAYERS:
        stamp = ROOT / "build" / "layers" / FLAVOUR / f"{layer}.digest"
        if not stamp.is_file():
            what = f"The {layer} layer for this machine"
            raise MissingPrerequisiteError(what)
        yield stamp
    yield ROOT / "uv.lock"
    for source in _SOURCES:
        path = ROOT / source
        yield from _files(path.rglob("*")) if path.is_dir() else [path]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
