"""Hold a request until its image has ended, and make other results of the same source."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import UploadedSource
from leanpix.domain.results import result_object_key, upload_object_key
from leanpix.domain.submission import StoredUpload, Submission
from leanpix.services.ports import DeliveryFailedError

if TYPE_CHECKING:
    from leanpix.domain.accounts import Standing
    from leanpix.domain.destinations import Destination
    from leanpix.domain.estimates import ImageFacts
    from leanpix.domain.jobs import Job
    from leanpix.domain.results import Download, DownloadRequest
    from leanpix.domain.submission import Remake
    from leanpix.services.accounts import AccountService
    from leanpix.services.engine_port import Prober
    from leanpix.services.jobs import JobService
    from leanpix.services.polls import PollService
    from leanpix.services.ports import Clock, Deliverer
    from leanpix.services.results import ResultService
    from leanpix.services.submissions import SubmissionService


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSubmissionService:
    """The service that accepts an image and answers when it has ended."""

    submissions: SubmissionService
    polls: PollService
    accounts: AccountService
    prober: Prober
    clock: Clock

    def describe_month(self, account_id: str) -> Standing | None:
        """Return the account, as `AccountService.describe_month`."""
        return self.accounts.describe_month(account_id)

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return the facts in an image's headers, or None for a file that is no image."""
        return self.prober.probe(data)

    def accept(self, submission: Submission) -> Job:
        """Return the job once it has ended, or as it stands when the time is up.

        Raises:
            LeanpixError: as `SubmissionService.accept`; `OPTIMIZATION_FAILED`.
        """
        ends_at = self.clock.now() + self.polls.max_hold_seconds
        job = self.submissions.accept(submission)
        try:
            return self.polls.hold(
                job.job_id,
                account_id=job.account_id,
                wait_seconds=max(0.0, ends_at - self.clock.now()),
            )
        except LeanpixError as error:
            if error.name is not ErrorName.WAIT_TIMED_OUT:
                raise
            return job


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputService:
    """The service of what was made of an image, and of what else can be made of it."""

    jobs: JobService
    polls: PollService
    submissions: SubmissionService
    accounts: AccountService
    files: ResultService
    deliverer: Deliverer
    clock: Clock

    def describe_month(self, account_id: str) -> Standing | None:
        """Return the account, as `AccountService.describe_month`."""
        return self.accounts.describe_month(account_id)

    def begin(self) -> float:
        """Return until when a request that comes now can be held."""
        return self.clock.now() + self.polls.max_hold_seconds

    def find(self, job_id: int, public_id: str, *, account_id: str | None, until: float) -> Job:
        """Return the job of a link once it has ended.

        Args:
            job_id: the job.
            public_id: the public id of its image, which is the right to the result.
            account_id: the account that it has to belong to; None where the link is enough.
            until: the time at which to give up.

        Raises:
            LeanpixError: `JOB_NOT_FOUND`, `WAIT_TIMED_OUT` or `OPTIMIZATION_FAILED`.
        """
        job = self.jobs.look_up_by_link(job_id, public_id)
        if account_id not in {None, job.account_id}:
            raise LeanpixError(ErrorName.JOB_NOT_FOUND)
        return job if job.is_final and not job.has_failed else self._hold(job, until)

    def remake(self, source: Job, wanted: Remake, *, until: float) -> Job:
        """Return a job that makes something else of the source of a job, once it has ended.

        Raises:
            LeanpixError: as `SubmissionService.accept`; `WAIT_TIMED_OUT`, `OPTIMIZATION_FAILED`.
        """
        image = source.images[0]
        key = upload_object_key(image.public_id)
        if isinstance(image.source, UploadedSource):
            key = image.source.object_key
        submission = Submission(
            account_id=source.account_id,
            api=source.api,
            operation=wanted.operation,
            options=wanted.options,
            inputs=(StoredUpload(file_name=image.file_name, object_key=key),),
            idempotency_key=wanted.idempotency_key,
            idempotency_seconds=wanted.idempotency_seconds,
            always_has_result=True,
            is_free=wanted.is_free,
        )
        return self._hold(self.submissions.accept(submission), until)

    def download(self, job: Job, request: DownloadRequest) -> Download:
        """Return the result of a job, or a part of it.

        Args:
            job: a job that has ended.
            request: the conditions of the request; the file is the job's.

        Raises:
            LeanpixError: `IMAGE_NOT_FOUND`, the result is there no longer.
        """
        return self.files.download(replace(request, object_key=_result_key(job)))

    def deliver(self, job: Job, destination: Destination) -> str:
        """Copy the result to somebody's object store, and return its URL there.

        Raises:
            LeanpixError: `IMAGE_NOT_FOUND`, the result is there no longer; `DELIVERY_FAILED`, the
                store did not take it.
        """
        key = _result_key(job)
        stored = self.files.results.describe(key)
        if stored is None:
            raise LeanpixError(ErrorName.IMAGE_NOT_FOUND)
        data = self.files.results.read_range(key, 0, stored.total_bytes - 1)
        if data is None:  # it expired since it was described
            raise LeanpixError(ErrorName.IMAGE_NOT_FOUND)
        try:
            return self.deliverer.deliver(data, destination, content_type=stored.content_type)
        except DeliveryFailedError as error:
            raise LeanpixError(ErrorName.DELIVERY_FAILED, why=str(error)) from None

    def _hold(self, job: Job, until: float) -> Job:
        seconds = max(0.0, until - self.clock.now())
        return self.polls.hold(job.job_id, account_id=job.account_id, wait_seconds=seconds)


def _result_key(job: Job) -> str:
    image = job.images[0]
    return result_object_key(image.public_id, image.result_name)
