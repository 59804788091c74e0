"""Look jobs up for the account that sent them, and send their callbacks again."""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import JobPage
from leanpix.domain.recovery import FIRST_CALLBACK_LOOK_SECONDS
from leanpix.domain.tasks import CallbackTask

if TYPE_CHECKING:
    from leanpix.domain.jobs import Job, JobPlace, JobQuery
    from leanpix.services.ports import CallbackQueue, Clock, JobLister, JobReader, ResentCallbacks

MOST_JOBS_READ: Final = 100
"""The jobs that one call reads while it looks for those of a state."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListService:
    """The service that shows an account its jobs."""

    jobs: JobReader
    lister: JobLister
    clock: Clock

    def list(self, query: JobQuery, *, account_id: str) -> JobPage:
        """Return jobs of the account, the newest first.

        A page may hold fewer than asked for, or none, and yet not be the last: of each, no more
        than a hundred are looked at.
        """
        found: list[Job] = []
        place: JobPlace | None = query.after
        seen = 0
        while seen < MOST_JOBS_READ:
            places = self.lister.list_jobs(
                account_id,
                since=query.since,
                until=query.until,
                after=place,
                limit=query.limit,
            )
            for place in places:
                seen += 1
                job = self.jobs.read(place.job_id)
                if job is not None and self._is_wanted(job, query, account_id):
                    found.append(job)
                if len(found) == query.limit or seen == MOST_JOBS_READ:
                    return JobPage(tuple(found), place)
            if len(places) < query.limit:
                return JobPage(tuple(found), None)
        return JobPage(tuple(found), place)

    def _is_wanted(self, job: Job, query: JobQuery, account_id: str) -> bool:
        is_own = job.account_id == account_id and job.expires_at > self.clock.now()
        return is_own and query.state in {None, job.state}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendService:
    """The service that sends a callback again for whom it is for."""

    jobs: JobService
    callbacks: ResentCallbacks
    queue: CallbackQueue
    clock: Clock

    def resend(self, job_id: int, *, account_id: str) -> Job:
        """Owe a job's callback again from its first try, and return the job.

        A message that gets lost is sent by the sweeper.

        Raises:
            LeanpixError: `JOB_NOT_FOUND`, `NOT_YOUR_JOB` or `CALLBACK_NOT_READY`.
            QueueFailedError: the message may not have been queued.
        """
        job = self.jobs.look_up(job_id, account_id=account_id)
        now = self.clock.now()
        if (
            job.callback is None
            or not job.is_final
            or not self.callbacks.resend_callback(
                job_id, now=now, due_at=now + FIRST_CALLBACK_LOOK_SECONDS
            )
        ):
            raise LeanpixError(ErrorName.CALLBACK_NOT_READY)
        self.queue.send_callback(CallbackTask(job_id, 0), account_id=account_id)
        return self.jobs.look_up(job_id, account_id=account_id)
