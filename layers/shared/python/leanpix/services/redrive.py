"""Sending dead letters again, once the operator has mended what they died of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from leanpix.domain.sweeping import FIRST_CALLBACK_LOOK_SECONDS
from leanpix.domain.tasks import CallbackTask, callback_task_from_body, task_to_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanpix.services.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message of a dead-letter queue."""

    body: str
    group_id: str
    receipt: str


class DeadLetterQueue(Protocol):
    """A dead-letter queue and the queue that its messages came from."""

    def receive(self) -> Sequence[DeadLetter]:
        """Return some of the dead letters, and hide them for a while; none is the end."""

    def send_again(self, letter: DeadLetter, body: str) -> None:
        """Queue a dead letter's message again, and then delete it from the dead letters."""


class FailedCallbacks(Protocol):
    """Callbacks that no try delivered."""

    def reopen_callback(self, job_id: int, *, due_at: float) -> bool:
        """Owe a callback again that no try delivered; False where it did not fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedriveService:
    """Moves dead letters back to their queues.

    An image that has ended stays ended: its message is dropped where it arrives. The dead letters
    of images are ended and refunded by their consumer, so that few are ever there to redrive.
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
