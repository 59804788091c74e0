"""Heal what a crash left between two writes, so that no image is lost.

The sweeper looks at what has been open for too long: a record without a message, a lease of a
worker that died, a callback that was not queued, an upload that no job uses. It sends a message
again, which is harmless at any time, or gives up, which refunds.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leanpix.contract import (
    MAX_ATTEMPTS,
    MAX_OPEN_SECONDS,
    UNUSED_UPLOAD_SECONDS,
    UPLOADS_PREFIX,
)
from leanpix.domain.ids import start_public_ids
from leanpix.domain.jobs import Image, ImageState, Job, KeptReason
from leanpix.domain.recovery import (
    LEASE_GRACE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    PATIENCE_SECONDS,
    OpenRecord,
    next_look,
)
from leanpix.domain.tasks import ImageTask
from leanpix.services.ports import DeadlineError, LeaseLostError, QueueFailedError
from leanpix.services.results import mark_failed

if TYPE_CHECKING:
    from leanpix.services.callbacks import CallbackAnnouncer
    from leanpix.services.ports import Clock, ImageQueue, Jobs, Objects, OpenRecords, Uploads

CURSOR_EVERY_UPLOADS = 500

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUpService:
    """The service that ends dead-lettered images, and those that the sweeper finds too old."""

    jobs: Jobs
    objects: Objects
    announcer: CallbackAnnouncer
    clock: Clock

    def give_up(self, task: ImageTask) -> bool:
        """Mark the image failed and refund it; return False where it had ended already.

        Raises:
            LeaseLostError: a worker holds the image, who may yet succeed. A message may have been
                delivered more often than the image was worked on.
        """
        has_ended_now = self.jobs.fail(
            task, reason=KeptReason.INTERNAL_ERROR.value, now=self.clock.now()
        )
        self._mark(task)
        self.announcer.announce(task.job_id)
        return has_ended_now

    def _mark(self, task: ImageTask) -> None:
        """Let the downloads know, as often as the message comes: a crash may be in between."""
        job = self.jobs.read(task.job_id)
        for image in job.images if job else ():
            is_meant = image.index == task.index and image.state is ImageState.FAILED
            if is_meant and image.always_has_result:
                mark_failed(self.objects, image)


@dataclass(slots=True, kw_only=True)
class SweepReport:
    """The findings of one sweep."""

    resent: int = 0
    given_up: int = 0
    postponed: int = 0
    announced: int = 0
    uploads_deleted: int = 0
    anomalies: int = 0
    """Open records without a job."""
    unreadable: int = 0
    """Records and uploads that could not be looked at, and were put off or left."""
    has_finished: bool = True
    """False where the time was up before the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepService:
    """The service that looks at open records that are due, then at old uploads."""

    jobs: Jobs
    records: OpenRecords
    queue: ImageQueue
    uploads: Uploads
    announcer: CallbackAnnouncer
    giver_up: GiveUpService
    clock: Clock

    def sweep(self, *, seconds_left: float) -> SweepReport:
        """Do as much as there is time for; the rest is for the next run."""
        started = self.clock.now()
        run = _Run(self, started=started, ends_at=started + seconds_left)
        try:
            run.sweep_records()
            run.sweep_uploads()
        except DeadlineError:
            run.report.has_finished = False
        return run.report


@dataclass(slots=True)
class _Run:
    """One sweep."""

    service: SweepService
    started: float
    ends_at: float
    report: SweepReport = field(default_factory=SweepReport)
    waiting: int | None = None
    """The number of messages in the queue; counted once, if at all."""

    def sweep_records(self) -> None:
        for record in self.service.records.find_due(now=self.started):
            if not self._has_time():
                return
            try:
                self._look_at(record)
            except (LeaseLostError, QueueFailedError) as error:
                # It is due still, so the next run looks again.
                facts = {"job_id": record.job_id, "why": repr(error)}
                _log.warning("left for the next sweep", extra=facts)
            except DeadlineError:
                raise
            except Exception:  # noqa: BLE001 - whatever is wrong with it, the others are healed
                self._put_off_unreadable(record)

    def _put_off_unreadable(self, record: OpenRecord) -> None:
        facts = {"job_id": record.job_id, "index": record.index}
        _log.exception("unreadable record", extra=facts)
        self.report.unreadable += 1
        try:
            self._postpone(record, self.started + LONGEST_PAUSE_SECONDS)
        except DeadlineError:
            raise
        except Exception:  # noqa: BLE001 - it stays due, and is counted again
            _log.exception("unreadable record not put off", extra=facts)

    def _look_at(self, record: OpenRecord) -> None:
        job = self.service.jobs.read(record.job_id)
        if job is None:
            facts = {"what": "an open record has no job", "job_id": record.job_id}
            _log.error("ledger anomaly", extra=facts)
            self.report.anomalies += 1
            self._postpone(record, self.started + LONGEST_PAUSE_SECONDS)
            return
        if record.index is None:
            self._look_at_callback(record, job)
        else:
            self._look_at_image(record, job, job.images[record.index])

    def _look_at_callback(self, record: OpenRecord, job: Job) -> None:
        if self.service.announcer.announce(job.job_id):
            self.report.announced += 1
        self._postpone(record, next_look(self.started, job.looks))

    def _look_at_image(self, record: OpenRecord, job: Job, image: Image) -> None:
        if image.state.is_final:
            return
        age = self.started - job.created_at
        is_held = image.state is ImageState.RUNNING and image.lease_ends_at > self.started
        task = ImageTask(job.job_id, image.index)
        if is_held:
            self._postpone(record, image.lease_ends_at + LEASE_GRACE_SECONDS)
        elif age >= MAX_OPEN_SECONDS or image.attempts >= MAX_ATTEMPTS:
            self.report.given_up += self.service.giver_up.give_up(task)
        else:
            # A queued image most likely has its message among those that wait. To send more
            # of them while the optimizer is behind would put it further behind.
            is_waiting = image.state is ImageState.QUEUED and age < PATIENCE_SECONDS
            if not (is_waiting and self._count_waiting()):
                self.service.queue.send([task], account_id=job.account_id)
                self.report.resent += 1
            self._postpone(record, next_look(self.started, image.looks))

    def sweep_uploads(self) -> None:
        """Delete old uploads that no job uses. Their keys begin with their time."""
        records = self.service.records
        oldest = f"{UPLOADS_PREFIX}{start_public_ids(self.started - UNUSED_UPLOAD_SECONDS)}"
        cursor, looked = records.read_cursor(), 0
        last = cursor
        for key in self.service.uploads.list_uploads(after=cursor, until=oldest):
            if not self._has_time():
                break
            self._look_at_upload(key)
            last, looked = key, looked + 1
            if looked % CURSOR_EVERY_UPLOADS == 0:
                records.write_cursor(last)
        if last != cursor:
            records.write_cursor(last)

    def _look_at_upload(self, key: str) -> None:
        try:
            if not self._is_used(key):
                self.service.uploads.delete(key)
                self.report.uploads_deleted += 1
        except DeadlineError:
            raise
        except Exception:  # noqa: BLE001 - the bucket's lifecycle deletes it in the end
            _log.exception("unreadable upload", extra={"object_key": key})
            self.report.unreadable += 1

    def _is_used(self, object_key: str) -> bool:
        job_id = self.service.uploads.read_job_id(object_key)
        if job_id is None:
            return self.service.records.is_used(object_key)
        return self.service.records.is_recorded(job_id)

    def _postpone(self, record: OpenRecord, due_at: float) -> None:
        self.service.records.postpone(record, due_at=due_at)
        self.report.postponed += 1

    def _count_waiting(self) -> int:
        if self.waiting is None:
            self.waiting = self.service.queue.count_waiting()
        return self.waiting

    def _has_time(self) -> bool:
        self.report.has_finished = self.service.clock.now() < self.ends_at
        return self.report.has_finished
