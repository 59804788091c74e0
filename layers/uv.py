"""Run uv, which the builders of the layers drive."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


class BuildError(RuntimeError):
    """A layer that cannot be built; the text says why."""


@cache
def export(group: str) -> str:
    """Return a locked dependency group, with hashes, as a requirements file."""
    return _uv(
        "export",
        "--frozen",
        "--no-emit-project",
        "--no-header",
        "--no-annotate",
        *("--only-group", group),
    )


def install(requirements: str, into: Path, arguments: tuple[str, ...]) -> None:
    """Install what `export` returned into a folder; `arguments` say for which machine."""
    listing = into.parent / "requirements.txt"
    listing.write_text(requirements, encoding="utf-8")
    _uv(
        "pip",
        "install",
        "--require-hashes",
        "--no-deps",
        *arguments,
        *("--target", str(into)),
        *("--requirement", str(listing)),
    )
    listing.unlink()


def _uv(*arguments: str) -> str:
    # The bootstrap's own uv where there is one; it hands its place over in UV.
    uv = os.environ.get("UV") or _bundled_uv() or shutil.which("uv")
    if uv is None:
        message = "uv is missing; run `make setup`"
        raise BuildError(message)
    done = subprocess.run(
        [uv, "--quiet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = f"uv {arguments[0]} failed:\n{done.stderr.strip()}"
        raise BuildError(message)
    return done.stdout


def _bundled_uv() -> str | None:
    found = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    return str(found[-1]) if found else None
