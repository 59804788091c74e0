"""Work on files: look up what is known, hand the rest to workers, write what they make."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from leanpix_cli.optimize import writing
from leanpix_cli.optimize.cache import Cache, Record, key_of
from leanpix_cli.optimize.config import Config
from leanpix_cli.optimize.files import Item
from leanpix_cli.optimize.outcome import Outcome, Status
from leanpix_cli.optimize.patterns import absolute
from leanpix_cli.optimize.settings import SETTINGS
from leanpix_cli.optimize.workers import Made, Worker, WorkFailed

PER_FILE: Final = tuple(setting.name for setting in SETTINGS if setting.per_file)
_SUFFIXES: Final = {"jpg": (".jpg", ".jpeg", ".jpe", ".jfif"), "png": (".png", ".apng")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where results go. With nothing set, nothing is written."""

    in_place: bool = False
    out: Path | None = None
    suffix: str = ""
    backup: Path | None = None
    keep_mtime: bool = False

    @property
    def writes(self) -> bool:
        """True where anything is written."""
        return self.in_place or self.out is not None or bool(self.suffix)

    def target(self, item: Item, format_: str) -> Path:
        """Return where the result of a file goes, named for what it is."""
        own = item.path.suffix.lower()
        ending = own if own in _SUFFIXES.get(format_, (f".{format_}",)) else None
        name = f"{item.path.stem}{self.suffix}{item.path.suffix if ending else '.' + format_}"
        if self.out is not None:
            return (self.out / item.place).with_name(name)
        return item.path.with_name(name)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read."""

    item: Item
    data: bytes
    facts: os.stat_result
    digest: str


class Run:
    """A run over many files.

    Args:
        config: the settings.
        destination: where results go.
        cache: what earlier runs have found out; None for no memory at all.
        new_worker: makes a worker, for each thread its own.
        keeps_pictures: outcomes carry the file before and after, up to so many bytes together.
    """

    def __init__(
        self,
        config: Config,
        destination: Destination,
        cache: Cache | None,
        new_worker: Callable[[], Worker],
        *,
        keeps_pictures: int = 0,
    ) -> None:
        self._config = config
        self._destination = destination
        self._cache = cache
        self._new_worker = new_worker
        self._room = keeps_pictures
        self._workers: list[Worker] = []
        self._own = threading.local()
        self._lock = threading.Lock()
        self._claimed: dict[Path, Item] = {}
        self._swept: set[Path] = set()

    def work(self, items: Iterable[Item], jobs: int) -> Iterator[Outcome]:
        """Yield what became of each file, as they end."""
        waiting: set[Future[Outcome]] = set()
        with ThreadPoolExecutor(jobs) as threads:
            try:
                for item in items:
                    waiting.add(threads.submit(self.handle, item))
                    if len(waiting) >= 4 * jobs:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self.close()
                raise
        self.close()

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            for worker in self._workers:
                worker.close()
            self._workers.clear()

    def handle(self, item: Item) -> Outcome:
        """Return what became of a file; no error of one file is an error of the run."""
        failed = Outcome(name=item.name, status=Status.FAILED)
        try:
            source = self._read(item)
            failed = replace(failed, before=len(source.data), after=len(source.data))
            return self._optimize(source)
        except writing.LeftAlone as left:
            return replace(failed, status=Status.SKIPPED, reason=str(left))
        except WorkFailed as error:
            return replace(failed, reason=str(error))
        except OSError as error:
            return replace(failed, reason=error.strerror or str(error))
        except MemoryError:
            return replace(failed, reason="not enough memory")

    def _read(self, item: Item) -> Source:
        facts = item.path.stat()
        if not stat.S_ISREG(facts.st_mode):
            message = "no regular file"
            raise writing.LeftAlone(message)
        if self._destination.in_place:
            writing.refuse_to_replace(facts)
        data = item.path.read_bytes()
        if not data:
            message = "the file is empty"
            raise WorkFailed(message)
        return Source(item, data, facts, hashlib.sha256(data).hexdigest())

    def _optimize(self, source: Source) -> Outcome:
        values = {
            n: v for n, v in self._config.for_file(source.item.path).items() if n in PER_FILE
        }
        key = key_of(source.digest, values)
        record = self._cache.get(key) if self._cache else None
        if record is not None and self._is_there(source, record):
            return self._describe(source, record, is_known=True)
        made = self._worker().make(source.data, values)
        record = Record(
            size=len(source.data) if made.data is None else len(made.data),
            digest=None if made.data is None else hashlib.sha256(made.data).hexdigest(),
            format=made.format,
            reason=made.reason,
            also={name: hashlib.sha256(data).hexdigest() for name, data in made.also},
        )
        target = self._write(source, made)
        if self._cache:
            self._cache.put(key, record)
            if record.digest is not None:  # what was made is done as well
                done = replace(record, digest=None, reason="already_optimized", also={})
                self._cache.put(key_of(record.digest, values), done)
        outcome = self._describe(source, record, target=target, made=made)
        return replace(outcome, pictures=self._pictures(source, made))

    def _worker(self) -> Worker:
        if not hasattr(self._own, "worker"):
            worker = self._new_worker()
            with self._lock:
                self._workers.append(worker)
            self._own.worker = worker
        own: Worker = self._own.worker
        return own

    def _is_there(self, source: Source, record: Record) -> bool:
        """Return whether what is known of a content is also where it is to be."""
        if not self._destination.writes:
            return self._room == 0 or record.digest is None
        target = self._destination.target(source.item, record.format)
        wanted = {target: record.digest or source.digest}
        wanted |= {_beside(target, name): digest for name, digest in record.also.items()}
        if self._destination.in_place and record.digest is None:
            wanted.pop(target)
        return all(_digest_of(path) == digest for path, digest in wanted.items())

    def _write(self, source: Source, made: Made) -> str | None:
        """Write what was made; return where it is, or None where nothing was written."""
        if not self._destination.writes:
            return None
        target = self._destination.target(source.item, made.format)
        self._claim(target, source.item)
        target.parent.mkdir(parents=True, exist_ok=True)
        is_own = target == source.item.path
        if is_own and made.data is not None:
            if self._destination.backup is not None:
                back = self._destination.backup
                writing.back_up(source.item.path, back, source.item.place)
            keep = self._destination.keep_mtime
            writing.replace(target, made.data, source.facts, keep_mtime=keep)
        elif not is_own:
            if made.data is None and not self._keeps_format(source, made):
                return None
            self._put(target, source.data if made.data is None else made.data, source)
        for name, data in made.also:
            self._put(_beside(target, name), data, source)
        return str(target) if made.data is not None or not is_own else None

    def _put(self, target: Path, data: bytes, source: Source) -> None:
        writing.write(target, data, like=source.facts)
        if self._destination.keep_mtime:
            os.utime(target, ns=(source.facts.st_atime_ns, source.facts.st_mtime_ns))

    def _keeps_format(self, source: Source, made: Made) -> bool:
        wanted = self._config.for_file(source.item.path)["format"]
        return wanted in (None, "auto", made.format)

    def _claim(self, target: Path, item: Item) -> None:
        """Give a path to one file alone, and clean its folder once.

        Raises:
            LeftAlone: another file's result has this name.
        """
        place = absolute(target)
        with self._lock:
            other = self._claimed.setdefault(place, item)
            if place.parent not in self._swept:
                self._swept.add(place.parent)
                writing.sweep(place.parent)
        if other is not item:
            message = f"{target} is already the result of {other.name}"
            raise writing.LeftAlone(message)

    def _describe(
        self,
        source: Source,
        record: Record,
        *,
        is_known: bool = False,
        target: str | None = None,
        made: Made | None = None,
    ) -> Outcome:
        return Outcome(
            name=source.item.name,
            status=Status.KEPT if record.digest is None else Status.SMALLER,
            before=len(source.data),
            after=record.size,
            format=record.format,
            target=target,
            reason=record.reason,
            score=made.score if made else None,
            quality=made.quality if made else None,
            also={name: len(data) for name, data in made.also} if made else {},
            is_known=is_known,
        )

    def _pictures(self, source: Source, made: Made) -> tuple[bytes, bytes] | None:
        if made.data is None:
            return None
        with self._lock:
            self._room -= len(source.data) + len(made.data)
            return (source.data, made.data) if self._room > 0 else None


def _beside(target: Path, format_: str) -> Path:
    """Return the path of a rendition, such as `photo.jpg.webp`."""
    return target.with_name(f"{target.name}.{format_}")


def _digest_of(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
