"""Send dead letters again, after the operator has removed the cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.domain.recovery import FIRST_CALLBACK_LOOK_SECONDS
from leanpix.domain.tasks import CallbackTask, callback_task_from_body, task_to_body

if TYPE_CHECKING:
    from leanpix.services.operator_ports import DeadLetterQueue, FailedCallbacks
    from leanpix.services.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveService:
    """The service that moves dead letters back to their queues.

    An image that has ended stays ended: its message is dropped where it arrives. The dead letters
    of images are ended and refunded by their consumer, so that few are ever left to redrive.
    """

    images: DeadLetterQueue
    callbacks: DeadLetterQueue
    records: FailedCallbacks
    clock: Clock

    def redrive_images(self) -> int:
        """Send the dead letters of images again and return how many."""
        count = 0
        while letters := self.images.receive():
            for letter in letters:
                self.images.send_again(letter, letter.body)
                count += 1
        return count

    def redrive_callbacks(self) -> int:
        """Owe the callbacks again that no try delivered, from their first try on."""
        count = 0
        while letters := self.callbacks.receive():
            for letter in letters:
                task = callback_task_from_body(letter.body)
                due_at = self.clock.now() + FIRST_CALLBACK_LOOK_SECONDS
                if self.records.reopen_callback(task.job_id, due_at=due_at):
                    task = CallbackTask(task.job_id, 0)
                self.callbacks.send_again(letter, task_to_body(task))
                count += 1
        return count
