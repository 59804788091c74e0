"""The queues in SQS. ``MessageGroupId`` on a standard queue makes it a fair queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from leanpix.contract import CORRELATION_ATTRIBUTE
from leanpix.domain.tasks import CallbackTask, ImageTask, task_to_body
from leanpix.observability import logger
from leanpix.services.ports import QueueFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsImageQueue:
    """The queue of images."""

    client: SQSClient
    url: str

    def send(self, tasks: Sequence[ImageTask], *, account_id: str) -> None:
        """Queue the tasks, grouped by account so that one's burst does not delay another."""
        with _naming_failures():
            for task in tasks:
                self.client.send_message(
                    QueueUrl=self.url,
                    MessageBody=task_to_body(task),
                    MessageGroupId=account_id,
                    MessageAttributes=_correlation(),
                )

    def count_waiting(self) -> int:
        """Return about how many messages wait."""
        with _naming_failures():
            answer = self.client.get_queue_attributes(
                QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SqsCallbackQueue:
    """The queue of callbacks and its dead letters."""

    client: SQSClient
    url: str
    dead_letter_url: str = ""
    """Only who delivers callbacks gives them up."""

    def send_callback(
        self, task: CallbackTask, *, account_id: str, delay_seconds: int = 0
    ) -> None:
        """Queue a callback."""
        with _naming_failures():
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=task_to_body(task),
                MessageGroupId=account_id,
                MessageAttributes=_correlation(),
                DelaySeconds=delay_seconds,
            )

    def bury_callback(self, task: CallbackTask, *, account_id: str) -> None:
        """Put a callback that no try delivered to the dead letters."""
        with _naming_failures():
            self.client.send_message(
                QueueUrl=self.dead_letter_url,
                MessageBody=task_to_body(task),
                MessageGroupId=account_id,
                MessageAttributes=_correlation(),
            )


def _correlation() -> dict[str, MessageAttributeValueTypeDef]:
    """Return what ties a message to the request that it goes back to."""
    correlation_id = logger.get_correlation_id()
    if not correlation_id:
        return {}
    return {CORRELATION_ATTRIBUTE: {"DataType": "String", "StringValue": correlation_id}}


@contextmanager
def _naming_failures() -> Iterator[None]:
    """Tell services of a failure in their own words."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise QueueFailedError(str(error)) from error
