"""Look jobs up for the account that sent them."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError

if TYPE_CHECKING:
    from leanpix.domain.jobs import Job
    from leanpix.services.ports import Clock, JobReader


@dataclass(frozen=True, slots=True, kw_only=True)
class JobService:
    """The service that tells an account where its jobs stand."""

    jobs: JobReader
    clock: Clock

    def look_up(self, job_id: int, *, account_id: str) -> Job:
        """Return a job of the account as it stands.

        Raises:
            LeanpixError: `JOB_NOT_FOUND` or `NOT_YOUR_JOB`.
        """
        job = self.jobs.read(job_id)
        # DynamoDB deletes expired items days late, so the time is compared here too.
        if job is None or job.expires_at <= self.clock.now():
            raise LeanpixError(ErrorName.JOB_NOT_FOUND)
        if job.account_id != account_id:
            raise LeanpixError(ErrorName.NOT_YOUR_JOB)
        return job

    def look_up_by_link(self, job_id: int, public_id: str) -> Job:
        """Return the job of an image whose public id is known: who has it needs no account.

        Raises:
            LeanpixError: `JOB_NOT_FOUND`.
        """
        job = self.jobs.read(job_id)
        if job is None or job.expires_at <= self.clock.now():
            raise LeanpixError(ErrorName.JOB_NOT_FOUND)
        if not compare_digest(job.images[0].public_id, public_id):
            raise LeanpixError(ErrorName.JOB_NOT_FOUND)
        return job
