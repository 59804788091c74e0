"""Having whoever sent a job told that it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.domain.tasks import CallbackTask
from leanpix.observability import logger
from leanpix.services.ports import QueueFailedError

if TYPE_CHECKING:
    from leanpix.services.ports import CallbackQueue, Jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceService:
    """Queues a job's callback as its last image ends.

    Whoever ends an image asks for it, and of several the last one sees all ended. A crash before
    the message leaves the callback owed on record, and the sweeper queues it.
    """

    jobs: Jobs
    callbacks: CallbackQueue

    def announce(self, job_id: int) -> bool:
        """Queue the callback if it is due now; return whether that was done."""
        job = self.jobs.read(job_id)
        if job is None or job.callback is None:
            return False
        if not (job.is_final and job.callback.is_pending):
            return False
        task = CallbackTask(job_id, job.callback.attempts)
        try:
            self.callbacks.send_callback(task, account_id=job.account_id)
        except QueueFailedError as error:
            logger.warning("callback left to the sweeper", job_id=job_id, why=str(error))
            return False
        return True
