"""Send to the queues in SQS. `MessageGroupId` on a standard queue makes it a fair queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from leanpix.contract import CORRELATION_ATTRIBUTE
from leanpix.domain.tasks import CallbackTask, DeadLetter, ImageTask, task_to_body
from leanpix.observability import logger
from leanpix.services.ports import DeadlineError, QueueFailedError

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
    """The URL of the dead letters; only the function that delivers callbacks needs it."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """A dead-letter queue and the queue that its messages came from."""

    client: SQSClient
    dead_letter_url: str
    url: str

    def receive(self) -> list[DeadLetter]:
        """Return some of the dead letters, and hide them for a while; none is the end."""
        answer = self.client.receive_message(
            QueueUrl=self.dead_letter_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["MessageGroupId"],
        )
        return [
            DeadLetter(
                body=message["Body"],
                group_id=message.get("Attributes", {}).get("MessageGroupId", ""),
                receipt=message["ReceiptHandle"],
            )
            for message in answer.get("Messages", ())
        ]

    def send_again(self, letter: DeadLetter, body: str) -> None:
        """Queue a dead letter's message again, and then delete it from the dead letters."""
        # Whose turn it is matters little here; SQS only asks for a name.
        self.client.send_message(
            QueueUrl=self.url, MessageBody=body, MessageGroupId=letter.group_id or "redriven"
        )
        self.client.delete_message(QueueUrl=self.dead_letter_url, ReceiptHandle=letter.receipt)


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
    except (BotoCoreError, ClientError, DeadlineError) as error:
        raise QueueFailedError(str(error)) from error
