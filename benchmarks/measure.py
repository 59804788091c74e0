"""Measure images: encode each with everything in its plan and judge the outputs."""

from __future__ import annotations

import math
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import interpolation, plan
from benchmarks.clients import Answer, Process, Sharp, engine_server, program_server
from benchmarks.corpus import Group, Item
from benchmarks.default_corpus import large_photo
from benchmarks.judge import Original, Undecodable, look, same_pixels
from benchmarks.records import LEANPIX, Record, select
from benchmarks.rivals_setup import Programs
from leanpix_engine import Format, Level

_KILO = 1024
_MEMORY_MEGAPIXELS: Final = (18, 24)


@dataclass(slots=True)
class Bench:
    """The processes that encode, and a folder for what they write."""

    programs: Programs
    folder: Path
    _engine: Process = field(init=False, default_factory=engine_server)
    _programs: Process = field(init=False, default_factory=program_server)
    _sharp: Sharp | None = field(init=False, default=None)

    def close(self) -> None:
        """End the processes."""
        for process in (self._engine, self._programs, self._sharp):
            if process is not None:
                process.close()

    def measure(self, item: Item, *, by_pypi: bool = False) -> list[Record]:
        """Return all encodes of one image; our lossy ones are scored by PyPI's metric too."""
        subject = _Subject(item, by_pypi=by_pypi)
        records = [self._record(subject, encode) for encode in plan.ours(item)]
        if subject.original is None:
            return records
        records += [self._record(subject, encode) for encode in plan.rivals(item, self.programs)]
        for ladder in plan.ladders(item, self.programs):
            goal = select(
                records, codec=LEANPIX, setting=Level.MEDIUM.value, format=ladder.format.value
            )
            for record in goal:
                if record.is_lossy and record.score is not None:
                    records += self._climb(subject, ladder, record.score)
        return records

    def measure_memory(self, photo: Path, megapixels: int) -> Iterator[Record]:
        """Yield the peak memory for a large JPEG, in a process that does nothing else."""
        source = large_photo(photo, megapixels)
        item = Item(
            path=source, group=Group.MEMORY, format=Format.JPEG, megapixels=float(megapixels)
        )
        out = self._out()
        command = [sys.executable, "-m", "leanpix_engine", str(source), f"{out}.jpg"]
        task = {"do": "program", "command": command, "source": str(source), "out": str(out)}
        answer = self._programs.ask(task)
        if answer.done:
            answer = replace(answer, bytes=Path(f"{out}.jpg").stat().st_size)
        ours = plan.Encode(
            codec=LEANPIX, setting="medium", format=Format.JPEG, process="programs", task=task
        )
        yield _plain_record(item, ours, answer)
        if self.programs.node is not None:
            encode = plan.sharp(plan.SHARP_JPEG, plan.DEFAULT, Format.JPEG, {})
            yield _plain_record(item, encode, self._encode(source, out, encode, fresh=True))

    def _climb(self, subject: _Subject, ladder: plan.Ladder, score: float) -> list[Record]:
        made: list[Record] = []

        def rung(quality: int) -> interpolation.Rung:
            record = self._record(subject, ladder.at(quality), fresh=False)
            made.append(replace(record, is_rung=True))
            return interpolation.Rung(quality, record.bytes, record.score or -math.inf)

        whole = subject.item.megapixels <= plan.WHOLE_LADDER_UP_TO_MEGAPIXELS
        interpolation.climb(ladder.qualities, rung, score, whole=whole)
        return [record for record in made if record.done]

    def _record(self, subject: _Subject, encode: plan.Encode, *, fresh: bool = True) -> Record:
        out = self._out()
        answer = self._encode(subject.item.path, out, encode, fresh=fresh)
        record = _plain_record(subject.item, encode, answer)
        if answer.done:
            record = subject.judge(record, encode, answer, out.read_bytes())
            out.unlink()
        return record

    def _encode(self, source: Path, out: Path, encode: plan.Encode, *, fresh: bool) -> Answer:
        task = {**encode.task, "source": str(source), "out": str(out)}
        if encode.process != "sharp":
            return (self._engine if encode.process == "engine" else self._programs).ask(task)
        if self.programs.node is None:
            raise RuntimeError
        if fresh or self._sharp is None:
            if self._sharp is not None:
                self._sharp.close()
            self._sharp = Sharp(self.programs.node)
        return self._sharp.ask(task)

    def _out(self) -> Path:
        return self.folder / f"out-{os.getpid()}"


class _Subject:
    """The image that outputs are compared with."""

    def __init__(self, item: Item, *, by_pypi: bool) -> None:
        self.item = item
        self._by_pypi = by_pypi
        self._data = item.path.read_bytes()
        self.original: Original | None = None
        if item.megapixels > 0:
            try:
                self.original = Original(self._data)
            except Undecodable:
                self.original = None

    def judge(self, record: Record, encode: plan.Encode, answer: Answer, data: bytes) -> Record:
        """Return the record with the output's score, or with the rule that it breaks."""
        is_ours = record.codec == LEANPIX
        try:
            score = self._score(data)
            identical = None
            if encode.lossless and self.original is not None:
                identical = data == self._data or same_pixels(self._data, data)
        except Undecodable:
            # A file that is left alone, such as an animated AVIF, is whatever its owner has.
            kept = data == self._data
            return record if kept else replace(record, problem="cannot be decoded")
        found = replace(record, score=score, identical=identical)
        if self._by_pypi and found.is_lossy and self.original is not None:
            found = replace(found, pypi_score=self.original.score_by_pypi(data))
        return replace(found, problem=self._problem(found, answer, data)) if is_ours else found

    def _score(self, data: bytes) -> float | None:
        if self.original is None:
            look(data)
            return None
        return self.original.score(data)

    def _problem(self, record: Record, answer: Answer, data: bytes) -> str | None:
        """Return the first rule that the output breaks."""
        grows = record.format == record.source_format and len(data) > len(self._data)
        problems = {
            "larger than the source": grows,
            "another size or number of frames": math.isinf(record.score or 0.0),
            "lossless, and yet pixels changed": record.identical is False,
        }
        if self.original is not None:
            seen, before = look(data), self.original.seen
            problems |= {
                "of another size than told": answer.size not in (None, seen.size),
                "plays at another speed": before.count > 1
                and sum(seen.delays_ms) != sum(before.delays_ms),
            }
        return next((text for text, is_true in problems.items() if is_true), None)


def failure(item: Item, text: str) -> Record:
    """Return the record of an image that could not be measured."""
    encode = next(plan.ours(item))
    return replace(_plain_record(item, encode, Answer()), problem=f"not measured: {text}"[:300])


def _plain_record(item: Item, encode: plan.Encode, answer: Answer) -> Record:
    facts: dict[str, Any] = {
        "image": item.name,
        "group": str(item.group),
        "source_format": item.format.value if item.format else None,
        "megapixels": item.megapixels,
        "source_bytes": item.path.stat().st_size,
    }
    is_ours = encode.codec == LEANPIX
    return Record(
        **facts,
        codec=encode.codec,
        setting=encode.setting,
        format=encode.format.value,
        bytes=answer.bytes,
        cpu_seconds=answer.cpu_seconds,
        peak_megabytes=answer.peak_kilobytes / _KILO,
        kept=answer.kept,
        refused=answer.refused,
        problem=f"failed: {answer.failed}" if answer.failed and is_ours else None,
    )


_benches: list[Bench] = []
"""One in each process of the pool."""


def measure_all(
    items: Sequence[Item],
    programs: Programs,
    by_pypi: Collection[Path],
    *,
    jobs: int,
    console: Console,
) -> Iterator[list[Record]]:
    """Yield the records of every image, the largest first; those of memory follow."""
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
    except Exception as error:  # noqa: BLE001 - one image must not end a long run; it is recorded
        return [failure(item, f"{type(error).__name__}: {error}")]


def _memory(photo: Path) -> list[Record]:
    bench = _benches[0]
    return [record for size in _MEMORY_MEGAPIXELS for record in bench.measure_memory(photo, size)]
