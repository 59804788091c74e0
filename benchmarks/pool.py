"""Measures many images, a few at a time, each by whichever process is free."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.corpus import Item
from benchmarks.measure import Bench, failure
from benchmarks.records import Record
from benchmarks.rivals_setup import Programs

_MEMORY_MEGAPIXELS: Final = (18, 24)

_benches: list[Bench] = []
"""One in each process of the pool."""


def measure(
    items: Sequence[Item],
    programs: Programs,
    by_pypi: Collection[Path],
    *,
    jobs: int,
    console: Console,
) -> Iterator[list[Record]]:
    """Every image, the largest first, with progress shown; memory after all others."""
    columns = (TextColumn("bench"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, TextColumn("{task.description}"), console=console)
    with tempfile.TemporaryDirectory(prefix="leanpix-bench-") as folder, progress:
        pool = ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(programs, Path(folder)),
        )
        bar = progress.add_task("", total=len(items) + 1)
        with pool:
            order = sorted(items, key=lambda item: -item.megapixels)
            tasks = {pool.submit(_one, item, item.path in by_pypi): item for item in order}
            for task in as_completed(tasks):
                name = tasks[task].name
                progress.update(bar, advance=1, description=name)
                if not console.is_terminal:
                    print(f"bench: {name}", flush=True)
                yield task.result()
            progress.update(bar, description="memory of large photos")
            photo = next((item.path for item in items if item.is_photo), None)
            if photo is not None:
                yield pool.submit(_memory, photo).result()
            progress.update(bar, advance=1)


def _start(programs: Programs, folder: Path) -> None:
    _benches.append(Bench(programs, folder))


def _one(item: Item, by_pypi: bool) -> list[Record]:  # noqa: FBT001 - called by the pool
    try:
        return _benches[0].measure(item, by_pypi=by_pypi)
    except Exception as error:  # noqa: BLE001 - one image must not end a long run; it is told
        return [failure(item, f"{type(error).__name__}: {error}")]


def _memory(photo: Path) -> list[Record]:
    bench = _benches[0]
    return [record for size in _MEMORY_MEGAPIXELS for record in bench.measure_memory(photo, size)]
