"""What the services need of the outside world. Adapters give it; tests give fakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanpix.domain.accounts import Account
    from leanpix.domain.jobs import Credentials, Image, ImageState, Job, Outcome
    from leanpix.domain.options import ImageOptions
    from leanpix.domain.tasks import ImageTask


class NoTokensLeftError(Exception):
    """The account cannot pay for the job. Nothing was recorded."""


class IdTakenError(Exception):
    """The job's id is in use. Nothing was recorded."""


class FetchFailedError(Exception):
    """A source gave no usable file. ``reason`` is one of ``KeptReason``; the text is public."""

    def __init__(self, text: str, *, reason: str) -> None:
        """Take what the client may read, and the reason code."""
        super().__init__(text)
        self.reason = reason


class EngineRefusedError(Exception):
    """The engine made nothing of a file: the reason lies in it or, rarely, in the engine."""

    def __init__(
        self, reason: str, image_format: str | None = None, *, is_our_fault: bool = False
    ) -> None:
        """Take the engine's reason code and the format, where it could be told."""
        super().__init__(reason)
        self.reason = reason
        self.image_format = image_format
        self.is_our_fault = is_our_fault


class LeaseLostError(Exception):
    """Another worker took the image over, or it has ended; this one's work is not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFile:
    """A file that the engine made."""

    data: bytes
    format: str
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """What the engine made of a source; ``main`` is None where nothing was gained."""

    original_format: str
    original_content_type: str
    main: EngineFile | None
    webp: EngineFile | None
    reason: str | None


class Clock(Protocol):
    """Time."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Jobs(Protocol):
    """The record of jobs, which is also where tokens are charged and given back."""

    def create(self, job: Job) -> None:
        """Record a job and charge its images, both or neither.

        Raises ``NoTokensLeftError`` or ``IdTakenError``.
        """

    def read(self, job_id: int) -> Job | None:
        """Return a job with its images, as last written."""

    def claim(
        self, task: ImageTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> Image | None:
        """Take a queued image, or one whose lease ended, and count the attempt.

        Returns None where it has ended or is not known. Raises ``LeaseLostError`` where another
        worker's lease still holds.
        """

    def settle(self, image: Image, *, state: ImageState, outcome: Outcome, now: float) -> None:
        """End a claimed image: its outcome, the refund where nothing was gained, the usage.

        All or nothing, and once. Raises ``LeaseLostError`` where the claim is gone.
        """

    def fail(self, task: ImageTask, *, reason: str, now: float) -> bool:
        """End an image as failed, whoever holds it, and refund it; False if it had ended."""


class Accounts(Protocol):
    """Accounts."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""


class Keys(Protocol):
    """API keys, known by their digest alone."""

    def find_account_id(self, key_hash: str) -> str | None:
        """Return whose key it is, or None for a key that is unknown or revoked."""


class Objects(Protocol):
    """Files."""

    def write(self, object_key: str, data: bytes, *, content_type: str, expires_at: float) -> None:
        """Store a file; the same key twice is the same file."""

    def read(self, object_key: str) -> bytes:
        """Return a file's content. Raises ``FetchFailedError`` where there is none."""


class ImageQueue(Protocol):
    """The queue in front of the optimizer."""

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        """Queue the tasks, grouped by account so that one's burst does not delay another."""


class Fetcher(Protocol):
    """Downloads from addresses that strangers name."""

    def fetch(self, url: str, *, credentials: Credentials | None, max_bytes: int) -> bytes:
        """Return what a URL holds. Raises ``FetchFailedError``."""


class Engine(Protocol):
    """The optimizer."""

    def optimize(
        self, source: bytes, options: ImageOptions, *, max_seconds: float
    ) -> EngineResult:
        """Return a smaller file, or none and why. Raises ``EngineRefusedError``."""
