"""Dead-letter queues, for the operator; apart from the queues, as no function reads them so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.services.redrive import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


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
