"""Accept a submission: store its uploads, charge and record the job, queue its images."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanpix.contract import PHOTO_FORMATS, ErrorName
from leanpix.domain.callbacks import Callback
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.estimates import estimate_bytes
from leanpix.domain.idempotency import (
    IdempotencyRecord,
    fingerprint_submission,
    hash_idempotency_key,
)
from leanpix.domain.ids import make_job_id, make_public_id
from leanpix.domain.jobs import Image, Job, Source, UploadedSource, UrlSource
from leanpix.domain.results import SECONDS_PER_DAY, upload_object_key
from leanpix.domain.submission import (
    Input,
    Link,
    StoredUpload,
    Submission,
    Upload,
    UploadReference,
)
from leanpix.domain.tasks import ImageTask
from leanpix.services.engine_port import Prober
from leanpix.services.ports import (
    Accounts,
    AnswerLostError,
    Clock,
    IdTakenError,
    ImageQueue,
    Jobs,
    KeyUsedError,
    NoTokensLeftError,
    Objects,
    QueueFailedError,
)

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.services.uploads import UploadsService

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionService:
    """The service that accepts submissions.

    Uploads are stored before the record is made: a crash in between leaves an object that expires,
    never a record of an image that is not there.
    """

    jobs: Jobs
    accounts: Accounts
    objects: Objects
    queue: ImageQueue
    uploads: UploadsService
    clock: Clock
    retention_days: int

    def accept(self, submission: Submission) -> Job:
        """Return the recorded and queued job.

        Raises:
            LeanpixError: `NO_TOKENS` where the account cannot pay for every image,
                `INVALID_API_KEY` where the account is gone, `INVALID_REQUEST` where a direct
                upload is not there, `IDEMPOTENCY_CONFLICT` where the client's key was used for
                another request.
        """
        now = self.clock.now()
        job_id = make_job_id()
        idempotency = _make_idempotency(submission, job_id, now)
        earlier = self._find_earlier(idempotency) if idempotency else None
        if earlier:
            return earlier
        submission = self.uploads.resolve(submission)
        account = self.accounts.read(submission.account_id)
        if account is None:
            raise LeanpixError(ErrorName.INVALID_API_KEY)
        if not account.can_pay_for(0 if submission.is_free else len(submission.inputs)):
            raise LeanpixError(ErrorName.NO_TOKENS)
        job = self._make_job(submission, job_id, now)
        self._store_uploads(job, submission)
        winner = self._record(job, account, idempotency)
        if winner:
            return winner
        self._queue(job)
        return job

    def _find_earlier(self, idempotency: IdempotencyRecord) -> Job | None:
        """Return the job that the same request led to before, if it did."""
        found = self.jobs.find_by_key(idempotency.key_hash, now=self.clock.now())
        if found is None:
            return None
        if found.fingerprint != idempotency.fingerprint:
            raise LeanpixError(ErrorName.IDEMPOTENCY_CONFLICT)
        return self.jobs.read(found.job_id)

    def _make_job(self, submission: Submission, job_id: int, now: float) -> Job:
        url = submission.callback_url
        return Job(
            job_id=job_id,
            account_id=submission.account_id,
            api=submission.api,
            operation=submission.operation,
            created_at=now,
            expires_at=now + self.retention_days * SECONDS_PER_DAY,
            callback=Callback(url=url) if url else None,
            images=tuple(
                _make_image(job_id, index, item, submission, now)
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
                    job_id=job.job_id,
                )

    def _record(
        self, job: Job, account: Account, idempotency: IdempotencyRecord | None
    ) -> Job | None:
        """Record the job, or return the one that the same request led to in the meantime."""
        try:
            self.jobs.create(job, account=account, idempotency=idempotency)
        except KeyUsedError:
            winner = self._find_earlier(idempotency) if idempotency else None
            if winner is None:
                raise
            return winner
        except NoTokensLeftError:
            raise LeanpixError(ErrorName.NO_TOKENS) from None
        except AnswerLostError:
            if not self._is_recorded(job):
                raise
        except IdTakenError:
            # Another's is one in 2^53 for each job on record: not worth more than another try of
            # the client's. This job's own is an earlier write whose answer was lost.
            if not self._is_recorded(job):
                raise LeanpixError(ErrorName.INTERNAL) from None
        return None

    def _is_recorded(self, job: Job) -> bool:
        """Return whether this very job is on record, and not another one under its id."""
        found = self.jobs.read(job.job_id)
        return found is not None and [image.public_id for image in found.images] == [
            image.public_id for image in job.images
        ]

    def _queue(self, job: Job) -> None:
        """Send a message per image. The record stands, so a failure is the sweeper's to heal."""
        tasks = [ImageTask(job.job_id, image.index) for image in job.images]
        try:
            self.queue.send(tasks, account_id=job.account_id)
        except QueueFailedError as error:
            facts = {"job_id": job.job_id, "why": str(error)}
            _log.warning("images left to the sweeper", extra=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A job, with the size of its uploads and their estimated size after it."""

    job: Job
    original_bytes: int
    estimated_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedSubmissionService:
    """The service that reads the headers of uploads before it accepts them; it decodes nothing."""

    submissions: SubmissionService
    prober: Prober

    def accept(self, submission: Submission) -> Accepted:
        """Return the recorded and queued job, and the estimated size of its uploads.

        Raises:
            LeanpixError: as in `SubmissionService.accept`; and `INVALID_REQUEST`, an upload is no
                image. A broken image is left to the engine.
        """
        original_bytes = estimated_bytes = 0
        inputs: list[Input] = []
        for item in submission.inputs:
            if not isinstance(item, Upload):
                inputs.append(item)
                continue
            facts = self.prober.probe(item.data)
            if facts is None or facts.format not in PHOTO_FORMATS:
                raise LeanpixError(ErrorName.INVALID_REQUEST, problems=(_no_image(item.field),))
            original_bytes += len(item.data)
            estimated_bytes += estimate_bytes(len(item.data), facts, submission.options)
            inputs.append(replace(item, content_type=facts.content_type))
        return Accepted(
            job=self.submissions.accept(replace(submission, inputs=tuple(inputs))),
            original_bytes=original_bytes,
            estimated_bytes=estimated_bytes,
        )


def _no_image(field: str) -> Problem:
    names = ", ".join(row.title.lower() for row in PHOTO_FORMATS.values())
    return Problem(field, f"The {field} must be a file of type: {names}.")


def _make_idempotency(submission: Submission, job_id: int, now: float) -> IdempotencyRecord | None:
    if submission.idempotency_key is None:
        return None
    return IdempotencyRecord(
        key_hash=hash_idempotency_key(submission.account_id, submission.idempotency_key),
        fingerprint=fingerprint_submission(submission),
        job_id=job_id,
        expires_at=now + submission.idempotency_seconds,
    )


def _make_image(job_id: int, index: int, item: Input, submission: Submission, now: float) -> Image:
    if isinstance(item, UploadReference):
        raise TypeError(item)  # looked up before
    public_id = make_public_id(now)
    return Image(
        job_id=job_id,
        index=index,
        account_id=submission.account_id,
        public_id=public_id,
        file_name=item.file_name,
        source=_make_source(item, public_id),
        options=submission.options,
        always_has_result=submission.always_has_result,
        is_free=submission.is_free,
        has_callback=submission.callback_url is not None,
    )


def _make_source(item: Upload | Link | StoredUpload, public_id: str) -> Source:
    if isinstance(item, Upload):
        return UploadedSource(object_key=upload_object_key(public_id))
    if isinstance(item, StoredUpload):
        return UploadedSource(object_key=item.object_key)
    return UrlSource(url=item.url, credentials=item.credentials)
