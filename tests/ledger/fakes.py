"""Fakes around the ledger: time, files, queues, the engine, the receiver of callbacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leanpix.contract import MAX_RECEIVES
from leanpix.domain.jobs import KeptReason
from leanpix.domain.options import ImageOptions
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.engine_port import EngineFile, EngineRefusedError, EngineResult
from leanpix.services.ports import FetchFailedError
from tests.ledger.faults import ProcessDied

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FUNCTION_SECONDS = 120
VISIBILITY_SECONDS = 132
MINUTE, HOUR, DAY = 60, 3_600, 86_400

GAIN, NONE, REFUSED, OURS, POISON, SLOW = b"gain", b"none", b"refused", b"ours", b"poison", b"slow"
KINDS = (GAIN, NONE, REFUSED, OURS, POISON, SLOW)
"""What the engine makes of an image: smaller, nothing, a refusal, a failure of its own, the death
of its process, or smaller but only after its lease has ended."""


@dataclass
class HandClock:
    """A clock that tests move; a sleep moves it too."""

    time: float = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class MemoryObjects:
    """Files."""

    files: dict[str, bytes] = field(default_factory=dict)
    job_ids: dict[str, int] = field(default_factory=dict)
    facts: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Content type and expiry."""

    def write(
        self,
        object_key: str,
        data: bytes,
        *,
        content_type: str,
        expires_at: float,
        job_id: int | None = None,
    ) -> None:
        self.files[object_key] = data
        self.facts[object_key] = content_type, expires_at
        if job_id is not None:
            self.job_ids[object_key] = job_id

    def read(self, object_key: str) -> bytes:
        if object_key not in self.files:
            text = "the uploaded file is no longer there"
            raise FetchFailedError(text, reason="fetch_failed")
        return self.files[object_key]

    def list_uploads(self, *, after: str, until: str) -> Iterator[str]:
        for key in sorted(self.files):
            if key.startswith("uploads/") and after < key < until:
                yield key

    def read_job_id(self, object_key: str) -> int | None:
        return self.job_ids.get(object_key)

    def delete(self, object_key: str) -> None:
        self.files.pop(object_key, None)


@dataclass
class Message:
    """A message as SQS holds it."""

    task: ImageTask | CallbackTask
    visible_at: float
    receives: int = 0


@dataclass
class MemoryQueue:
    """A standard queue with its dead letters: at least once, in any order."""

    clock: HandClock
    visibility_seconds: float
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)

    def add(self, task: ImageTask | CallbackTask, delay_seconds: int = 0) -> None:
        self.messages.append(Message(task, self.clock.now() + delay_seconds))

    def visible(self) -> list[Message]:
        now = self.clock.now()
        return [message for message in self.messages if message.visible_at <= now]

    def receive(self, position: int = 0) -> Message | None:
        """Return a visible message and hide it; one that was received too often dies."""
        visible = self.visible()
        if not visible:
            return None
        message = visible[position % len(visible)]
        if message.receives >= MAX_RECEIVES:
            self.messages.remove(message)
            self.dead.append(message)
            return None
        message.receives += 1
        message.visible_at = self.clock.now() + self.visibility_seconds
        return message

    def delete(self, message: Message) -> None:
        if message in self.messages:
            self.messages.remove(message)


@dataclass
class MemoryImageQueue:
    """The images' queue, as the services know it."""

    queue: MemoryQueue

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        for task in tasks:
            self.queue.add(task)

    def count_waiting(self) -> int:
        return len(self.queue.visible())


@dataclass
class MemoryCallbackQueue:
    """The callbacks' queue, as the services know it."""

    queue: MemoryQueue

    def send_callback(
        self, task: CallbackTask, *, account_id: str, delay_seconds: int = 0
    ) -> None:
        self.queue.add(task, delay_seconds)

    def bury_callback(self, task: CallbackTask, *, account_id: str) -> None:
        self.queue.dead.append(Message(task, self.clock_now()))

    def clock_now(self) -> float:
        return self.queue.clock.now()


@dataclass
class MemoryPoster:
    """The receiver of callbacks; it refuses some."""

    refusals: int = 0
    accepted: list[int] = field(default_factory=list)

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        if self.refusals:
            self.refusals -= 1
            if self.refusals % 2:
                text = "the URL's host did not answer properly"
                raise FetchFailedError(text, reason="fetch_failed")
            return 503
        self.accepted.append(int(headers["X-Leanpix-Job"]))
        return 200


@dataclass
class FakeEngine:
    """An engine that does what the image's first bytes say."""

    clock: HandClock
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What others do while it works."""

    def optimize(
        self, source: bytes, options: ImageOptions, *, max_seconds: float
    ) -> EngineResult:
        kind = source.partition(b":")[0]
        while self.meanwhile:
            self.meanwhile.pop()()
        if kind == SLOW:
            self.clock.time += FUNCTION_SECONDS + 1
        if kind == POISON:
            raise ProcessDied
        if kind == REFUSED:
            raise EngineRefusedError(KeptReason.FETCH_FAILED.value)
        if kind == OURS:
            raise EngineRefusedError(KeptReason.INTERNAL_ERROR.value, is_our_fault=True)
        smaller = EngineFile(
            data=source[: len(source) // 2], format="png", content_type="image/png"
        )
        return EngineResult(
            original_format="png",
            original_content_type="image/png",
            main=smaller if kind in {GAIN, SLOW} else None,
            webp=None,
            reason=None if kind in {GAIN, SLOW} else "no_savings",
        )


@dataclass
class FakeFetcher:
    """A fetcher that serves what the URL's path says."""

    def fetch(self, url: str, *, credentials: object, max_bytes: int) -> bytes:
        return url.rpartition("/")[2].encode() + b":of some size"


@dataclass
class FakeDirectUploads:
    """A finder of every direct upload in the store."""

    objects: MemoryObjects

    def find_name(self, object_key: str) -> str | None:
        return "d.png" if object_key in self.objects.files else None
