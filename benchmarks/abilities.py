"""Measure what limits in bytes and renditions cost, and how well limits are filled.

    python -m benchmarks.abilities max-bytes FOLDER
    python -m benchmarks.abilities renditions PHOTO...

CPU seconds are of the process and its children. Ratios are against `medium` without a limit, and
against three runs of the engine's own command, one for each format.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from leanpix_engine import Format, Options, Refused, Result, optimize

SHARES: Final = (0.9, 0.75, 0.6, 0.45, 0.3)
"""Of the bytes at medium."""
TARGETS: Final = (Format.JPEG, Format.WEBP, Format.AVIF)
_PHOTOS: Final = (".jpg", ".jpeg")
_FILLED: Final = 0.95

app = typer.Typer(help=__doc__, no_args_is_help=True)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def timed(source: bytes, options: Options) -> tuple[Result | None, float]:
    """Return the result, None where it was refused, and the CPU seconds that it took."""
    started = cpu_seconds()
    try:
        result = optimize(source, options)
    except Refused:
        result = None
    return result, cpu_seconds() - started


@app.command()
def max_bytes(folder: Annotated[Path, typer.Argument(file_okay=False, exists=True)]) -> None:
    """Print for each format how full limits get, and what that costs."""
    photos = [path for path in sorted(folder.iterdir()) if path.suffix in _PHOTOS]
    for target in TARGETS:
        filled: list[float] = []
        costs: list[float] = []
        refused = 0
        for path in photos:
            source = path.read_bytes()
            options = Options(target_format=target, assume_pristine=True)
            for _ in range(2):  # the first loads what it needs
                medium, cost = timed(source, options)
            if medium is None or medium.output is None:
                continue
            for share in SHARES:
                most = round(share * len(medium.output.data))
                result, spent = timed(source, replace(options, max_bytes=most))
                if result is None or result.output is None:
                    refused += 1
                    continue
                filled.append(len(result.output.data) / most)
                costs.append(spent / cost)
        full = sum(_FILLED <= share <= 1 for share in filled) / len(filled)
        print(
            f"{target}: {len(filled)} files, {full:.1%} within 5 % below the limit,"
            f" {sum(share > 1 for share in filled)} above it, {refused} refused,"
            f" CPU {statistics.median(costs):.2f} x medium"
            f" (nine in ten below {sorted(costs)[int(0.9 * len(costs))]:.2f})"
        )


@app.command()
def renditions(photos: Annotated[list[Path], typer.Argument(dir_okay=False, exists=True)]) -> None:
    """Print the CPU of JPEG, WebP and AVIF by one run, and by three."""
    for photo in photos:
        one = _run(photo, "--also", "webp,avif")
        three = [_run(photo), *(_run(photo, "--format", name) for name in ("webp", "avif"))]
        parts = " + ".join(f"{part:.2f}" for part in three)
        print(f"{photo.name}: {one:.2f} s, {parts} s, ratio {one / sum(three):.2f}")


def _run(photo: Path, *arguments: str) -> float:
    """Return the CPU seconds of one run of the engine's command."""
    started = cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "leanpix_engine", str(photo), f"{folder}/out"]
        subprocess.run(
            [*command, "--assume-pristine", "--always-convert", *arguments],
            check=True,
            capture_output=True,
        )
    return cpu_seconds() - started


if __name__ == "__main__":
    app()
