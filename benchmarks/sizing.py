"""Measure which memory size suits the optimizer: seconds and GB-seconds per megapixel.

    .venv/bin/python -m benchmarks.sizing [--megapixels 2] [--only "jpg medium"] [--json FILE]
    .venv/bin/python -m benchmarks.sizing --write

The second puts the table into docs/sizing.md, the seconds per megapixel into the cost model and
what follows from them into docs/cost.md: on a quiet machine, since all of that is read as it is.

Lambda gives a function a CPU share in proportion to its memory: 1,769 MB is one vCPU ("Configure
Lambda function memory"). The engine uses one thread for an image, so more than one does not help.
Each size is tried with the CPU quota that it has there, by a cgroup where this user may make one
(Linux, root); the CPU seconds are what the figures rest on, since they hold on a busy machine too:
seconds = CPU seconds / share.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from PIL import Image

from benchmarks.pages import HEAD, Figure, render_row, render_table, to_cells, write_pages
from leanpix_cli.local_setup import find_photo

MEMORY_MEGABYTES: Final = (512, 884, 1_769, 2_048, 3_008)
MEGABYTES_PER_CPU: Final = 1_769
QUOTA_PERIOD_MICROSECONDS: Final = 20_000
PHOTOS: Final = (
    "astronaut.png",
    "coffee.png",
    "chelsea.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
)
CASES: Final = (
    ("jpg", "lossless"),
    ("jpg", "medium"),
    ("jpg", "high"),
    ("png", "lossless"),
    ("png", "medium"),
    ("webp", "medium"),
)
_CGROUP: Final = Path("/sys/fs/cgroup/cpu")
_PROGRAM: Final = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"wall": time.perf_counter() - started, "cpu": used.ru_utime + used.ru_stime,
    "megabytes": used.ru_maxrss / 1024, "code": done.returncode, "error": done.stderr[-300:]}))
"""


class TooSlowError(Exception):
    """An engine that gave up."""


def make_picture(path: Path, megapixels: float) -> None:
    """Write a mosaic of real photos, at their own resolution, 4:3."""
    width = round((megapixels * 1_000_000 * 4 / 3) ** 0.5)
    height = round(width * 3 / 4)
    mosaic = Image.new("RGB", (width, height))
    photos = [Image.open(find_photo(name)).convert("RGB") for name in PHOTOS]
    top = index = 0
    while top < height:
        left, tallest = 0, 0
        while left < width:
            photo = photos[index % len(photos)]
            mosaic.paste(photo, (left, top))
            left, tallest, index = left + photo.width, max(tallest, photo.height), index + 1
        # Rows overlap, so that there is no black between photos of different heights.
        top += min(photo.height for photo in photos)
    if path.suffix == ".png":
        mosaic.save(path)
    else:
        mosaic.save(path, quality=92)


@contextmanager
def cpu_share(share: float) -> Iterator[Path | None]:
    """Make a cgroup with that share of one CPU; None where none can be made."""
    group = _CGROUP / f"leanpix-sizing-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(QUOTA_PERIOD_MICROSECONDS))
        (group / "cpu.cfs_quota_us").write_text(str(int(share * QUOTA_PERIOD_MICROSECONDS)))
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        time.sleep(0.1)
        group.rmdir()


def optimize(source: Path, level: str, *, share: float) -> dict[str, float]:
    """Return wall and CPU seconds and the peak memory of one image under a CPU share."""
    target = source.with_name(f"out{source.suffix}")
    command = [sys.executable, "-m", "leanpix_engine", str(source), str(target), "--level", level]
    with cpu_share(share) as group:
        enter = [] if group is None else ["sh", "-c", f'echo $$ > {group}/tasks; exec "$@"', "sh"]
        done = subprocess.run(
            [*enter, sys.executable, "-c", _PROGRAM, *command],
            env=os.environ | {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "2"},
            capture_output=True,
            text=True,
            check=True,
        )
    read: dict[str, float] = json.loads(done.stdout)
    if read["code"]:
        # Too slow at this size for the engine's own limit of 50 s, which is a result too.
        raise TooSlowError(read["error"])
    return read


def measure(
    source: Path, level: str, memory_megabytes: int, megapixels: float
) -> dict[str, float | None]:
    """Return the figures of one row; None for those that a too small size does not have."""
    share = min(1.0, memory_megabytes / MEGABYTES_PER_CPU)
    figure: dict[str, float | None] = {
        "memory_megabytes": memory_megabytes,
        "share": round(share, 3),
        "seconds_per_megapixel": None,
        "wall_per_megapixel": None,
        "gigabyte_seconds_per_megapixel": None,
        "peak_megabytes": None,
    }
    try:
        run = optimize(source, level, share=share)
    except TooSlowError:
        return figure
    per_megapixel = run["cpu"] / share / megapixels
    return {
        **figure,
        "seconds_per_megapixel": round(per_megapixel, 2),
        "wall_per_megapixel": round(run["wall"] / megapixels, 2),
        "gigabyte_seconds_per_megapixel": round(per_megapixel * memory_megabytes / 1_024, 2),
        "peak_megabytes": round(run["megabytes"]),
    }


def measure_all(only: list[str] | None, megapixels: float) -> Iterator[Figure]:
    """Yield a figure for each case and memory size."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, level in CASES:
            if only and f"{kind} {level}" not in only:
                continue
            source = Path(folder) / f"in.{kind}"
            make_picture(source, megapixels)
            for memory in MEMORY_MEGABYTES:
                figure = measure(source, level, memory, megapixels)
                yield {"format": kind, "level": level, **figure}


def main() -> int:
    """Print a table, and write the figures where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--megapixels", type=float, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", action="append", help='such as "jpg medium"')
    parser.add_argument("--write", action="store_true", help="into the pages and the cost model")
    arguments = parser.parse_args()
    if arguments.write and arguments.only:
        parser.error("--write takes every case: the table is written whole")
    figures = []
    print(render_table(HEAD, []), end="")
    for figure in measure_all(arguments.only, arguments.megapixels):
        figures.append(figure)
        print(render_row(to_cells(figure)), flush=True)
    if arguments.write:
        write_pages(figures, megapixels=arguments.megapixels)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
