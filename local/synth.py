"""The template for this machine, synthesized anew only when something it is made from changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from local.errors import LocalCloudError, MissingPrerequisiteError
from local.paths import ASSEMBLY_DIR, ROOT

STAGE: Final = "local"
FLAVOUR: Final = "host"

INTEGRATION_TIMEOUT_SECONDS: Final = 125
"""Holds a poll for the full documented 120 s."""
OPTIMIZER_TIMEOUT_SECONDS: Final = 60
"""Half of a deployed one: what a killed optimizer held is tried again that much sooner."""

_CONTEXT: Final = {
    "stage": STAGE,
    "flavour": FLAVOUR,
    "integration_timeout_seconds": str(INTEGRATION_TIMEOUT_SECONDS),
    "optimizer_timeout_seconds": str(OPTIMIZER_TIMEOUT_SECONDS),
    "max_concurrency": str(max(2, os.cpu_count() or 2)),
}
_LAYERS: Final = ("shared", "engine")
_SOURCES: Final = ("app.py", "cdk.json", "infra", "functions", "layers/shared", "layers/engine")
_PROGRAM: Final = """
import json, sys
from pathlib import Path
from infra.synth import synthesize
synthesize(Path(sys.argv[1]), json.loads(sys.argv[2]))
"""


class SynthesisError(LocalCloudError):
    """The template cannot be synthesized."""


def assembly() -> Path:
    """Return the folder of the assembly for this machine, synthesized if need be."""
    digest = _digest()
    stamp = ASSEMBLY_DIR / "inputs.sha256"
    if stamp.is_file() and stamp.read_text("ascii") == digest:
        return ASSEMBLY_DIR
    fresh = ASSEMBLY_DIR.with_name(f"{ASSEMBLY_DIR.name}.{os.getpid()}")
    try:
        _synthesize(fresh)
        (fresh / stamp.name).write_text(digest, "ascii")
        shutil.rmtree(ASSEMBLY_DIR, ignore_errors=True)
        fresh.rename(ASSEMBLY_DIR)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return ASSEMBLY_DIR


def _synthesize(outdir: Path) -> None:
    """Run the CDK app in a process of its own: it starts Node.js and leaves a lot in memory."""
    outdir.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(outdir), json.dumps(_CONTEXT)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        message = f"The template cannot be synthesized: {lines[-1] if lines else 'no reason given'}"
        raise SynthesisError(message)


def _digest() -> str:
    """Return the hash of everything that the assembly is made from."""
    digest = hashlib.sha256(repr(sorted(_CONTEXT.items())).encode())
    for path in _inputs():
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    for layer in _LAYERS:
        stamp = ROOT / "build" / "layers" / FLAVOUR / f"{layer}.digest"
        if not stamp.is_file():
            raise MissingPrerequisiteError(f"The {layer} layer for this machine")
        yield stamp
    yield ROOT / "uv.lock"
    for source in _SOURCES:
        path = ROOT / source
        yield from _files(path.rglob("*")) if path.is_dir() else [path]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in sorted(paths):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path
