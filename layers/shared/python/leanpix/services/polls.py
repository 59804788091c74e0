"""Hold a poll until its job has ended, or the time is up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import FinishedJob

if TYPE_CHECKING:
    from leanpix.domain.jobs import Job
    from leanpix.services.jobs import JobService
    from leanpix.services.ports import Accounts, Clock

FIRST_PAUSE_SECONDS: Final = 0.05
SHORT_PAUSE_SECONDS: Final = 0.1
"""The pause between looks while a result is likely at any moment."""
LONG_PAUSE_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 30.0
"""The time after which a job counts as slow, and looks become rarer."""
PAUSE_GROWTH: Final = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class PollService:
    """The service that holds polls."""

    jobs: JobService
    accounts: Accounts
    clock: Clock
    max_hold_seconds: int
    """The longest time for which a request is held; API Gateway gives up soon after."""

    def wait(self, job_id: int, *, account_id: str, wait_seconds: float) -> FinishedJob:
        """Return the job once all its images have ended, and its account.

        Raises:
            LeanpixError: `JOB_NOT_FOUND`, `NOT_YOUR_JOB`, `WAIT_TIMED_OUT` or, where every image
                failed for a fault of ours, `OPTIMIZATION_FAILED`.
        """
        job = self.hold(job_id, account_id=account_id, wait_seconds=wait_seconds)
        account = self.accounts.read(account_id)
        if account is None:
            raise LeanpixError(ErrorName.INVALID_API_KEY)
        return FinishedJob(job, account)

    def hold(self, job_id: int, *, account_id: str, wait_seconds: float) -> Job:
        """Return the job once all its images have ended.

        Raises:
            LeanpixError: as `wait`.
        """
        held_seconds = min(wait_seconds, self.max_hold_seconds)
        started = self.clock.now()
        pause = FIRST_PAUSE_SECONDS
        while True:
            job = self.jobs.look_up(job_id, account_id=account_id)
            if job.is_final:
                break
            waited = self.clock.now() - started
            if waited >= held_seconds:
                raise LeanpixError(ErrorName.WAIT_TIMED_OUT, wait_seconds=round(held_seconds))
            self.clock.sleep(min(pause, held_seconds - waited))
            pause = _next_pause(pause, waited)
        if job.has_failed:
            raise LeanpixError(ErrorName.OPTIMIZATION_FAILED)
        return job


def _next_pause(pause: float, waited: float) -> float:
    longest = SHORT_PAUSE_SECONDS if waited < PATIENCE_SECONDS else LONG_PAUSE_SECONDS
    return min(pause * PAUSE_GROWTH, longest)
