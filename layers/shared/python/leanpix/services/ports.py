"""Declare the ports of the services: adapters implement them, and tests give fakes.

Those of the operator's services are in `operator_ports`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from leanpix.domain.accounts import Account, KeyRecord, Usage
    from leanpix.domain.callbacks import CallbackState, Delivery
    from leanpix.domain.destinations import Destination
    from leanpix.domain.idempotency import IdempotencyRecord
    from leanpix.domain.jobs import Credentials, Image, ImageState, Job, JobPlace, Outcome
    from leanpix.domain.recovery import OpenRecord
    from leanpix.domain.results import StoredFile
    from leanpix.domain.submission import UploadRequest
    from leanpix.domain.tasks import CallbackTask, ImageTask


class NoTokensLeftError(Exception):
    """An account that cannot pay for the job. Nothing was recorded."""


class IdTakenError(Exception):
    """A job id that is in use. Nothing was recorded."""


class KeyUsedError(Exception):
    """An idempotency key that has led to a job already. Nothing was recorded."""


class AnswerLostError(Exception):
    """A write whose answer did not come: it may have been done."""


class DeadlineError(Exception):
    """A call that was not begun, as there is no time left for it."""


class QueueFailedError(Exception):
    """A message that the queue did not accept, or did not confirm."""


class FetchFailedError(Exception):
    """A source without a usable file. `reason` is one of `KeptReason`; the text is public."""

    def __init__(self, text: str, *, reason: str) -> None:
        """Take what the client may read, and the reason code."""
        super().__init__(text)
        self.reason = reason


class DeliveryFailedError(Exception):
    """Somebody's object store that did not take a file; the text is public."""


class LeaseLostError(Exception):
    """A claim that is gone: another worker has the image, or it has ended."""


class Clock(Protocol):
    """Time."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class JobReader(Protocol):
    """The record of jobs, for reading."""

    def read(self, job_id: int) -> Job | None:
        """Return a job with its images, as last written."""


class JobLister(Protocol):
    """The jobs of an account, by their age."""

    def list_jobs(
        self, account_id: str, *, since: float, until: float, after: JobPlace | None, limit: int
    ) -> list[JobPlace]:
        """Return the places of jobs made between two times, the newest first.

        Args:
            account_id: Whose jobs.
            since: The earliest time.
            until: The first time that is too late.
            after: The place to go on from; it is not returned again.
            limit: The most places.
        """


class ResentCallbacks(Protocol):
    """The record of callbacks, for whom they are for."""

    def resend_callback(self, job_id: int, *, now: float, due_at: float) -> bool:
        """Owe a callback again from its first try; return False where one is being sent."""


class Jobs(JobReader, Protocol):
    """The record of jobs, where tokens are charged and given back too."""

    def create(
        self, job: Job, *, account: Account, idempotency: IdempotencyRecord | None = None
    ) -> None:
        """Record a job, charge its images and keep the client's key for it: all or nothing.

        Args:
            account: The account as last read; it is read again if it has changed since.

        Raises:
            KeyUsedError: the client's key has led to a job.
            NoTokensLeftError: the account cannot pay.
            IdTakenError: the job's id is in use.
            AnswerLostError: nobody knows whether it was recorded.
        """

    def find_by_key(self, key_hash: str, *, now: float) -> IdempotencyRecord | None:
        """Return what a client's idempotency key led to, as long as it is remembered."""

    def claim(
        self, task: ImageTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> Image | None:
        """Claim a queued image, or one whose lease ended, and count the attempt.

        None where it has ended or is not known.

        Raises:
            LeaseLostError: the lease of another worker still holds.
        """

    def settle(self, image: Image, *, state: ImageState, outcome: Outcome, now: float) -> None:
        """End a claimed image, once: its outcome, the refund and the usage, all or nothing.

        Raises:
            LeaseLostError: the claim is gone.
        """

    def fail(self, task: ImageTask, *, reason: str, now: float) -> bool:
        """End an image as failed and refund it, once; return False if it had ended.

        Raises:
            LeaseLostError: the lease of a worker still holds, who may yet succeed.
        """


class OpenRecords(Protocol):
    """The records of images and callbacks that have not ended, for the sweeper."""

    def find_due(self, *, now: float) -> Iterator[OpenRecord]:
        """Return what should have ended, or been looked at, by now."""

    def postpone(self, record: OpenRecord, *, due_at: float) -> None:
        """Have a record looked at later, and count the look; one that has ended stays ended."""

    def is_recorded(self, job_id: int) -> bool:
        """Return whether there is such a job."""

    def is_used(self, object_key: str) -> bool:
        """Return whether a job was made of a direct upload."""

    def read_cursor(self) -> str:
        """Return up to which object uploads have been swept; empty at first."""

    def write_cursor(self, object_key: str) -> None:
        """Remember up to which object uploads have been swept."""


class Callbacks(Protocol):
    """The record of callbacks."""

    def claim_callback(
        self, task: CallbackTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> bool:
        """Claim a callback that is owed after so many tries; return False where it is not.

        Raises:
            LeaseLostError: the lease of another worker still holds.
        """

    def log_delivery(
        self,
        job_id: int,
        *,
        lease_id: str,
        delivery: Delivery,
        state: CallbackState,
        due_at: float | None,
    ) -> None:
        """Record a try and the state after it; `due_at` is set if more tries are to come.

        Raises:
            LeaseLostError: the claim is gone.
        """


class CallbackQueue(Protocol):
    """The queue of callbacks."""

    def send_callback(
        self, task: CallbackTask, *, account_id: str, delay_seconds: int = 0
    ) -> None:
        """Queue a callback.

        Raises:
            QueueFailedError: the message may not have been queued.
        """

    def bury_callback(self, task: CallbackTask, *, account_id: str) -> None:
        """Move a callback that no try delivered to the dead letters.

        Raises:
            QueueFailedError: the message may not have been queued.
        """


class Poster(Protocol):
    """A client for addresses that strangers name."""

    def post(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        """Post JSON and return the status, following no redirect.

        Raises:
            FetchFailedError: no status came back.
        """


class Deliverer(Protocol):
    """A client for other people's object stores."""

    def deliver(self, data: bytes, destination: Destination, *, content_type: str) -> str:
        """Store a file and return its URL.

        Raises:
            DeliveryFailedError: the store did not take it.
        """


class Uploads(Protocol):
    """The uploaded files, for the sweeper."""

    def list_uploads(self, *, after: str, until: str) -> Iterator[str]:
        """Return the object keys of the uploads between, in order."""

    def read_job_id(self, object_key: str) -> int | None:
        """Return for which job a file came, where it came with a request."""

    def delete(self, object_key: str) -> None:
        """Delete a file; one that is gone already is fine."""


class Accounts(Protocol):
    """The accounts, for reading."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""

    def read_usage(self, account_id: str) -> list[Usage]:
        """Return the months in which images of the account ended, the newest first."""

    def read_days(self, account_id: str, month: str) -> list[Usage]:
        """Return the days of a month on which images of the account ended, the newest first."""


class Keys(Protocol):
    """The API keys, by their digests."""

    def look_up(self, key_hash: str) -> KeyRecord | None:
        """Return a key that is in force; None where it is unknown or revoked."""

    def note_use(self, key_hash: str, day: str) -> None:
        """Record that a key was used on a day."""


class Objects(Protocol):
    """The files in the object store."""

    def write(
        self,
        object_key: str,
        data: bytes,
        *,
        content_type: str,
        expires_at: float,
        job_id: int | None = None,
    ) -> None:
        """Store a file; the same key twice is the same file. `job_id` says for which job."""

    def read(self, object_key: str) -> bytes:
        """Return the content of a file.

        Raises:
            FetchFailedError: there is none.
        """

    def delete(self, object_key: str) -> None:
        """Delete a file; one that is gone already is fine."""


class DirectUploads(Protocol):
    """The object store, for uploads by clients themselves."""

    def grant(self, object_key: str, request: UploadRequest) -> tuple[str, Mapping[str, str]]:
        """Return the URL and the form fields that allow one upload of this size at most."""

    def find_name(self, object_key: str) -> str | None:
        """Return the file name of what was uploaded, or None where nothing was."""


class ImageQueue(Protocol):
    """The queue in front of the optimizer."""

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        """Queue the tasks, grouped by account so that one's burst does not delay another.

        Raises:
            QueueFailedError: some messages may not have been queued.
        """

    def count_waiting(self) -> int:
        """Return about how many messages wait."""


class Fetcher(Protocol):
    """A client for downloads from addresses that strangers name."""

    def fetch(self, url: str, *, credentials: Credentials | None, max_bytes: int) -> bytes:
        """Return the content behind a URL.

        Raises:
            FetchFailedError: there is no usable file.
        """


class Results(Protocol):
    """The files that clients download, whole or in part."""

    def describe(self, object_key: str) -> StoredFile | None:
        """Return what is known of a file, or None where there is none."""

    def read_range(self, object_key: str, first: int, last: int) -> bytes | None:
        """Return the bytes from `first` to `last`, both included; None where there is no file."""

    def link(self, object_key: str, *, is_head: bool = False) -> str:
        """Return a URL under which the file, or its headers alone, can be had for a while."""
