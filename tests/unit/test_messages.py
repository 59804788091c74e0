"""Test batches of messages: failed ones come again, and nothing begins that cannot end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from leanpix import deadline
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.messages import handle_batch, handle_callbacks
from leanpix.services.ports import DeadlineError, LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Context:
    """Lambda's context, as far as it is read."""

    seconds: float = 60.0
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture(autouse=True)
def no_deadline() -> Iterator[None]:
    """Leave no deadline to other tests."""
    yield
    deadline.begin(float("inf"))


def batch(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": str(number),
                "receiptHandle": "r",
                "body": body,
                "attributes": {"SentTimestamp": "1800000000000"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:1:q",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def failures(result: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in result["batchItemFailures"]]


def body(job_id: int) -> str:
    return json.dumps({"job_id": job_id, "index": 0})


def test_only_the_messages_that_failed_come_again() -> None:
    def work(task: ImageTask, _: float) -> None:
        if task.job_id == 2:
            raise LeaseLostError
        if task.job_id == 3:
            raise ValueError

    result = handle_batch(batch(body(1), body(2), body(3), "no task"), Context(), work)  # type: ignore[arg-type]  # Context has what the code reads
    assert failures(result) == ["1", "2", "3"]


def test_a_task_is_told_how_much_time_is_left_less_a_margin() -> None:
    seen = []
    handle_batch(batch(body(1)), Context(60), lambda _, left: seen.append(left))  # type: ignore[arg-type]  # Context has what the code reads
    assert seen == [59]


def test_with_little_time_left_a_message_is_not_begun() -> None:
    begun: list[ImageTask] = []
    result = handle_batch(batch(body(1)), Context(15), lambda task, _: begun.append(task))  # type: ignore[arg-type]  # Context has what the code reads
    assert failures(result) == ["0"]
    assert begun == []


def test_no_call_to_aws_begins_that_there_is_no_time_for() -> None:
    handle_batch(batch(body(1)), Context(60), lambda *_: deadline.check())  # type: ignore[arg-type]  # Context has what the code reads
    deadline.begin(0.1)
    with pytest.raises(DeadlineError):
        deadline.check()


def test_callbacks_are_read_from_their_messages() -> None:
    seen = []
    message = json.dumps({"job_id": 7, "attempts": 2})
    handle_callbacks(batch(message), Context(), lambda task, _: seen.append(task))  # type: ignore[arg-type]  # Context has what the code reads
    assert seen == [CallbackTask(7, 2)]
