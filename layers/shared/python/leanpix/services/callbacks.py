"""Post the result of a job to the URL that came with it, until it is accepted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from leanpix.domain.callbacks import (
    JOB_HEADER,
    SIGNATURE_HEADER,
    CallbackState,
    Delivery,
    pause_after,
    sign,
    sign_by_standard,
)
from leanpix.domain.ids import make_lease_id
from leanpix.domain.jobs import FinishedJob
from leanpix.domain.recovery import LEASE_GRACE_SECONDS
from leanpix.domain.tasks import CallbackTask
from leanpix.services.ports import FetchFailedError, QueueFailedError

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.callbacks import Callback
    from leanpix.domain.jobs import Job
    from leanpix.services.ports import Accounts, CallbackQueue, Callbacks, Clock, JobReader, Poster

RenderResult = Callable[[FinishedJob], bytes]
"""Gives the body that a poll of the same job would get."""

_log = logging.getLogger(__name__)

LONGEST_DELAY_SECONDS: Final = 900
"""The longest delay of a message in SQS. A later try is queued by the sweeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAnnouncer:
    """The service that queues a job's callback as its last image ends.

    Each worker that ends an image calls it; of several, the last one finds that all have ended.
    After a crash before the message, the callback is still pending on record, and the sweeper
    queues it.
    """

    jobs: JobReader
    callbacks: CallbackQueue

    def announce(self, job_id: int) -> bool:
        """Queue the callback if the job has ended and owes one; return whether it was queued."""
        job = self.jobs.read(job_id)
        if job is None or job.callback is None:
            return False
        if not (job.is_final and job.callback.is_pending):
            return False
        task = CallbackTask(job_id, job.callback.attempts)
        try:
            self.callbacks.send_callback(task, account_id=job.account_id)
        except QueueFailedError as error:
            facts = {"job_id": job_id, "why": str(error)}
            _log.warning("callback left to the sweeper", extra=facts)
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackService:
    """The service that delivers each callback at least once."""

    jobs: JobReader
    accounts: Accounts
    callbacks: Callbacks
    queue: CallbackQueue
    poster: Poster
    clock: Clock
    renderers: Mapping[str, RenderResult]
    """The renderers of a job's result, by API."""

    def call_back(self, task: CallbackTask, *, seconds_left: float) -> CallbackState | None:
        """Make one try, record it, and return the state of the callback after it.

        None where the callback is not owed, or no longer.

        Raises:
            LeaseLostError: another worker holds the callback.
        """
        job = self.jobs.read(task.job_id)
        if job is None or job.callback is None or not job.is_final:
            return None
        account = self.accounts.read(job.account_id)
        if account is None:
            return None
        now = self.clock.now()
        lease_id = make_lease_id()
        if not self.callbacks.claim_callback(
            task, lease_id=lease_id, now=now, lease_ends_at=now + seconds_left
        ):
            return None
        delivery = self._post(job, job.callback, account)
        return self._record(job, task.attempts + 1, lease_id, delivery)

    def _post(self, job: Job, callback: Callback, account: Account) -> Delivery:
        body = self.renderers[job.api](FinishedJob(job, account))
        now = self.clock.now()
        headers = {
            JOB_HEADER: str(job.job_id),
            SIGNATURE_HEADER: sign(body, secret=account.callback_secret, at=now),
            **sign_by_standard(
                body, message_id=f"job_{job.job_id}", secret=account.callback_secret, at=now
            ),
        }
        try:
            status = self.poster.post(callback.url, body, headers=headers)
        except FetchFailedError as error:
            return Delivery(at=now, error=str(error))
        return Delivery(at=now, status=status)

    def _record(self, job: Job, attempts: int, lease_id: str, delivery: Delivery) -> CallbackState:
        pause = pause_after(attempts)
        state, due_at = CallbackState.FAILED, None
        if delivery.was_accepted:
            state = CallbackState.DELIVERED
        elif pause is not None:
            state, due_at = CallbackState.PENDING, self.clock.now() + pause + LEASE_GRACE_SECONDS
        task = CallbackTask(job.job_id, attempts)
        if state is CallbackState.FAILED:
            # First, as a record that has failed is not looked at again.
            self.queue.bury_callback(task, account_id=job.account_id)
        self.callbacks.log_delivery(
            job.job_id, lease_id=lease_id, delivery=delivery, state=state, due_at=due_at
        )
        if state is CallbackState.PENDING and pause and pause <= LONGEST_DELAY_SECONDS:
            self._queue_next(task, job.account_id, pause)
        return state

    def _queue_next(self, task: CallbackTask, account_id: str, pause: int) -> None:
        try:
            self.queue.send_callback(task, account_id=account_id, delay_seconds=pause)
        except QueueFailedError as error:
            facts = {"job_id": task.job_id, "why": str(error)}
            _log.warning("callback left to the sweeper", extra=facts)
