"""Compile the Python of a layer before it is deployed.

Lambda's file system is read-only: what comes as source alone is compiled anew at every cold
start, which makes that a third longer (docs/sizing.md). By unchecked hash, since a zip keeps no
times to tell a stale file by (PEP 552).
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from infra.setting_fields import Flavour

LAMBDA_PYTHON: Final = (3, 13)
IGNORED: Final = ("__pycache__", ".DS_Store")
_HOME: Final = Path(__file__).resolve().parent.parent / "build" / "compiled"
_WHERE_LAMBDA_UNPACKS: Final = "/opt"
_NAME_DIGITS: Final = 16
_COPIES_KEPT: Final = 12
"""The copies of all layers together: some are for two machines, and a few versions are in use."""


class CompilationError(RuntimeError):
    """A layer that does not compile; the text is the compiler's."""


def compile_layer(
    source: Path,
    *,
    name: str,
    flavour: Flavour,
    left_out: Sequence[str] = (),
    digest: str | None = None,
) -> Path:
    """Return a copy of a layer in which each module is compiled for the Python that runs it.

    Where there is no such Python the copy is source alone, which works as well, but starts slower.
    Copies are kept by the hash of what they are made from, which is the files' where no other is
    given: nobody changes one in use.
    """
    python = find_python(flavour)
    files = list(_files(source, {*IGNORED, *left_out}))
    made_from = (_version(flavour), python is not None, digest or _hash(source, files))
    key = hashlib.sha256(repr(made_from).encode()).hexdigest()[:_NAME_DIGITS]
    copy = _HOME / f"{name}-{flavour}-{key}"
    if not copy.is_dir():
        _HOME.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".", dir=_HOME) as folder:
            fresh = Path(folder) / copy.name
            for path in files:
                target = fresh / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
            if python:
                _compile(python, fresh)
            _publish(fresh, copy)
    copy.touch()
    return copy


def _hash(source: Path, files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"\0{path.relative_to(source)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def find_python(flavour: Flavour) -> str | None:
    """Return a Python of the version that runs the layer, or None where there is none."""
    candidates = [sys.executable]
    if flavour is not Flavour.HOST:
        candidates.append("python" + ".".join(map(str, LAMBDA_PYTHON)))
    return next((each for each in candidates if _tell_version(each) == _version(flavour)), None)


def _version(flavour: Flavour) -> tuple[int, int]:
    return sys.version_info[:2] if flavour is Flavour.HOST else LAMBDA_PYTHON


def _tell_version(python: str) -> tuple[int, ...]:
    if python == sys.executable:
        return sys.version_info[:2]
    program = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(map(int, done.stdout.split()))


def _compile(python: str, folder: Path) -> None:
    done = subprocess.run(
        [
            *(python, "-I", "-m", "compileall", "-q", "-j", "0"),
            *("--invalidation-mode", "unchecked-hash"),
            # What a traceback calls the file, and the same on every machine that builds it.
            *("-s", str(folder), "-p", _WHERE_LAMBDA_UNPACKS),
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{folder.name} does not compile: {done.stdout.strip() or done.stderr.strip()}"
        raise CompilationError(message)


def _publish(fresh: Path, copy: Path) -> None:
    # Where somebody else made the same one meanwhile, theirs is as good.
    with suppress(OSError):
        fresh.rename(copy)
    copies = sorted(_HOME.glob("[!.]*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in copies[_COPIES_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _files(folder: Path, left_out: set[str]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = set(path.relative_to(folder).parts)
        if path.is_file() and path.suffix != ".pyc" and not parts & left_out:
            yield path
