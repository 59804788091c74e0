"""Compare Leanpix with what people would use in its place, on a folder of images.

    python -m benchmarks [--corpus FOLDER] [--judge pypi] [--jobs N]
    python -m benchmarks.results        then writes RESULTS.md

Tables go to the terminal; everything measured goes to benchmarks/out/results.json and the plot
to benchmarks/out/bytes-against-ss2.svg.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from benchmarks import corpus, default_corpus, measure, records, report, rivals_setup
from benchmarks.clients import Sharp
from benchmarks.corpus import Item
from benchmarks.records import Record
from benchmarks.rivals_setup import Programs
from benchmarks.rows import rows

OUT: Final = Path(__file__).resolve().parent / "out"
RESULTS: Final = OUT / "results.json"
PLOT: Final = OUT / "bytes-against-ss2.svg"
_JUDGED_BY_PYPI: Final = 12
_PYPI_UP_TO_MEGAPIXELS: Final = 1.0


def main() -> int:
    """Measure the images, show the tables and write the results."""
    arguments = _parse()
    console = Console()
    started = time.monotonic()
    programs = rivals_setup.bring()
    items = corpus.find(arguments.corpus or default_corpus.make())
    if not items:
        print("bench: no image in that folder", file=sys.stderr)
        return 2
    by_pypi = _sample(items) if arguments.judge == "pypi" else set()
    about = _about(arguments, programs, items)
    found: list[Record] = []
    jobs = arguments.jobs
    for some in measure.measure_all(items, programs, by_pypi, jobs=jobs, console=console):
        found += some
        found.sort(key=lambda record: (record.group, record.image))
        about["seconds"] = round(time.monotonic() - started)
        records.write(RESULTS, about, found)  # each time: a run may be stopped
    PLOT.write_text(report.picture(found), "utf-8")
    report.show(console, rows(found), report.summaries(found))
    for path in (RESULTS, PLOT):
        print(f"bench: wrote {path.relative_to(rivals_setup.ROOT)}")
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--corpus", type=Path, metavar="FOLDER", help="images of your own")
    parser.add_argument(
        "--judge",
        choices=["own", "pypi"],
        default="own",
        help=f"pypi scores our outputs of {_JUDGED_BY_PYPI} small images by both metrics",
    )
    jobs = min(2, os.cpu_count() or 1)
    parser.add_argument("--jobs", type=int, default=jobs, help="images at a time")
    arguments = parser.parse_args()
    if arguments.corpus is not None and not arguments.corpus.is_dir():
        parser.error(f"{arguments.corpus} is no folder")
    return arguments


def _sample(items: Sequence[Item]) -> set[Path]:
    """Return some photos and graphics for the slow judge, spread over the folder."""
    small = [
        item.path
        for item in items
        if (item.is_photo or item.is_graphic) and item.megapixels <= _PYPI_UP_TO_MEGAPIXELS
    ]
    return set(small[:: max(1, -(-len(small) // _JUDGED_BY_PYPI))])


def _about(
    arguments: argparse.Namespace, programs: Programs, items: Sequence[Item]
) -> dict[str, Any]:
    """Return the facts of a run, without names of folders or machines."""
    versions = {}
    if programs.node is not None:
        sharp = Sharp(programs.node)
        sharp.greet()
        versions = sharp.versions
        sharp.close()
    return {
        "command": "make bench" + (" CORPUS=folder" if arguments.corpus else ""),
        "judge": arguments.judge,
        "images": len(items),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
        "versions": versions,
        "pngquant": programs.pngquant is not None,
    }


if __name__ == "__main__":
    sys.exit(main())
