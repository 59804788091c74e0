"""Define the messages of the queues, and their bodies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ImageTask:
    """A message of the images' queue: the image to optimize."""

    job_id: int
    index: int


@dataclass(frozen=True, slots=True)
class CallbackTask:
    """A message of the callbacks' queue: the job to call back about, after so many tries."""

    job_id: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message of a dead-letter queue."""

    body: str
    group_id: str
    receipt: str


def task_to_body(task: ImageTask | CallbackTask) -> str:
    """Return a message's body."""
    return json.dumps(asdict(task))


def task_from_body(body: str) -> ImageTask:
    """Return the task in the body of a message.

    Raises:
        ValueError: the body is no image task.
    """
    try:
        values = json.loads(body)
        return ImageTask(job_id=int(values["job_id"]), index=int(values["index"]))
    except (KeyError, TypeError) as error:
        message = "the message is not an image task"
        raise ValueError(message) from error


def callback_task_from_body(body: str) -> CallbackTask:
    """Return the task in the body of a message.

    Raises:
        ValueError: the body is no callback task.
    """
    try:
        values = json.loads(body)
        return CallbackTask(job_id=int(values["job_id"]), attempts=int(values["attempts"]))
    except (KeyError, TypeError) as error:
        message = "the message is not a callback task"
        raise ValueError(message) from error
