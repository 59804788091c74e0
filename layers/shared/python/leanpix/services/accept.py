"""Accepting a job: store what was uploaded, charge and record, then queue its images."""

from __future__ import annotations

from dataclasses import dataclass

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import make_job_id, make_public_id
from leanpix.domain.jobs import Image, Job, Source, UploadedSource, UrlSource
from leanpix.domain.results import SECONDS_PER_DAY, upload_object_key
from leanpix.domain.submission import Input, StoredUpload, Submission, Upload
from leanpix.domain.tasks import ImageTask
from leanpix.services.ports import (
    Accounts,
    Clock,
    IdTakenError,
    ImageQueue,
    Jobs,
    NoTokensLeftError,
    Objects,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptService:
    """Takes submissions in.

    Uploads are stored before the record is made: a crash in between leaves an object that expires,
    never a record of an image that is not there.
    """

    jobs: Jobs
    accounts: Accounts
    objects: Objects
    queue: ImageQueue
    clock: Clock
    retention_days: int

    def accept(self, submission: Submission) -> Job:
        """Return the recorded and queued job.

        Raises ``LeanpixError`` with ``NO_TOKENS`` where the account cannot pay for every image,
        and with ``INVALID_API_KEY`` where the account is gone.
        """
        account = self.accounts.read(submission.account_id)
        if account is None:
            raise LeanpixError(ErrorName.INVALID_API_KEY)
        if not account.can_pay(len(submission.inputs)):
            raise LeanpixError(ErrorName.NO_TOKENS)
        job = self._make_job(submission, charged_tokens=0 if account.is_unlimited else 1)
        self._store_uploads(job, submission)
        job = self._record(job)
        self.queue.send(
            [ImageTask(job.job_id, image.index) for image in job.images],
            account_id=job.account_id,
        )
        return job

    def _make_job(self, submission: Submission, *, charged_tokens: int) -> Job:
        now = self.clock.now()
        job_id = make_job_id()
        return Job(
            job_id=job_id,
            account_id=submission.account_id,
            api=submission.api,
            operation=submission.operation,
            created_at=now,
            expires_at=now + self.retention_days * SECONDS_PER_DAY,
            callback_url=submission.callback_url,
            images=tuple(
                _make_image(job_id, index, item, submission, charged_tokens=charged_tokens)
                for index, item in enumerate(submission.inputs)
            ),
        )

    def _store_uploads(self, job: Job, submission: Submission) -> None:
        for image, item in zip(job.images, submission.inputs, strict=True):
            if isinstance(item, Upload) and isinstance(image.source, UploadedSource):
                self.objects.write(
                    image.source.object_key,
                    item.data,
                    content_type=item.content_type,
                    expires_at=job.expires_at,
                )

    def _record(self, job: Job) -> Job:
        try:
            self.jobs.create(job)
        except NoTokensLeftError:
            raise LeanpixError(ErrorName.NO_TOKENS) from None
        except IdTakenError:
            # One in 2^53 for each job on record: not worth more than another try of the client's.
            raise LeanpixError(ErrorName.INTERNAL) from None
        return job


def _make_image(
    job_id: int, index: int, item: Input, submission: Submission, *, charged_tokens: int
) -> Image:
    public_id = make_public_id()
    return Image(
        job_id=job_id,
        index=index,
        account_id=submission.account_id,
        public_id=public_id,
        file_name=item.file_name,
        source=_make_source(item, public_id),
        options=submission.options,
        always_has_result=submission.always_has_result,
        charged_tokens=charged_tokens,
    )


def _make_source(item: Input, public_id: str) -> Source:
    if isinstance(item, Upload):
        return UploadedSource(object_key=upload_object_key(public_id))
    if isinstance(item, StoredUpload):
        return UploadedSource(object_key=item.object_key)
    return UrlSource(url=item.url, credentials=item.credentials)
