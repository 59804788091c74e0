"""The queue in front of the optimizer, in SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.domain.tasks import ImageTask, task_to_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient


class SendFailedError(Exception):
    """SQS refused messages; the sweeper, or the client's own retry, heals it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsImageQueue:
    """Sends image tasks. ``MessageGroupId`` on a standard queue makes it a fair queue."""

    client: SQSClient
    url: str

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        """Queue the tasks, grouped by account so that one's burst does not delay another."""
        answer = self.client.send_message_batch(
            QueueUrl=self.url,
            Entries=[
                {
                    "Id": str(task.index),
                    "MessageBody": task_to_body(task),
                    "MessageGroupId": account_id,
                }
                for task in tasks
            ],
        )
        if answer.get("Failed"):
            raise SendFailedError([failure["Code"] for failure in answer["Failed"]])
