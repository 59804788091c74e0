"""Ending the images whose messages were given up on, so that none is lost and none is paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.domain.jobs import KeptReason

if TYPE_CHECKING:
    from leanpix.domain.tasks import ImageTask
    from leanpix.services.announce import AnnounceService
    from leanpix.services.ports import Clock, Jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpService:
    """Takes what SQS moved to the dead-letter queue, and what the sweeper found too old."""

    jobs: Jobs
    announcer: AnnounceService
    clock: Clock

    def give_up(self, task: ImageTask) -> bool:
        """Mark the image failed and refund it; return False where it had ended already.

        Raises ``LeaseLostError`` while a worker holds the image, who may yet succeed: a message
        may have been delivered more often than the image was worked on.
        """
        has_ended_now = self.jobs.fail(
            task, reason=KeptReason.INTERNAL_ERROR.value, now=self.clock.now()
        )
        self.announcer.announce(task.job_id)
        return has_ended_now
