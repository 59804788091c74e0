"""The queue in front of the optimizer, in SQS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.domain.tasks import ImageTask, task_to_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsImageQueue:
    """Sends image tasks. ``MessageGroupId`` on a standard queue makes it a fair queue."""

    client: SQSClient
    url: str

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        """Queue the tasks, grouped by account so that one's burst does not delay another."""
        for task in tasks:
            self.client.send_message(
                QueueUrl=self.url, MessageBody=task_to_body(task), MessageGroupId=account_id
            )
