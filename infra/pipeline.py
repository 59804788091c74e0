"""How an image reaches the optimizer or the dead letters, and how whoever sent it is told."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.settings import Settings
from leanpix import contract

# One: an image can use a function's whole memory and time.
_IMAGES_PER_CALL: Final = 1
_DEAD_LETTERS_PER_CALL: Final = 10
# One: the other side may take as long as the function may.
_CALLBACKS_PER_CALL: Final = 1
_CALLBACKS_AT_ONCE: Final = 10
_LONGEST_RETENTION: Final = Duration.days(14)
"""SQS keeps a message no longer."""


class Pipeline(Construct):
    """The queues of images and of callbacks, each with its dead letters, and the sweeper."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        """Create the queues; :meth:`feed` connects the functions."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_LONGEST_RETENTION,
            # Of the consumer's timeout, six times, as AWS advises.
            visibility_timeout=Duration.minutes(3),
        )
        self.images = sqs.Queue(
            self,
            "Images",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # An image that waited for longer than its upload is kept cannot be optimized.
            retention_period=Duration.days(min(settings.retention_days, 14)),
            visibility_timeout=Duration.seconds(settings.visibility_timeout_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=contract.MAX_RECEIVES
            ),
        )

        self.dead_callbacks = sqs.Queue(
            self,
            "DeadCallbacks",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_LONGEST_RETENTION,
        )
        self.callbacks = sqs.Queue(
            self,
            "Callbacks",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(1),
            visibility_timeout=Duration.minutes(1),
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_callbacks, max_receive_count=contract.MAX_RECEIVES
            ),
        )

    @property
    def queues(self) -> dict[str, sqs.Queue]:
        """The queues by what waits in them."""
        return {
            "images": self.images,
            "dead_letters": self.dead_letters,
            "callbacks": self.callbacks,
            "dead_callbacks": self.dead_callbacks,
        }

    def feed(
        self,
        *,
        optimizer: lambda_.IFunction,
        dead_letters: lambda_.Function,
        callbacks: lambda_.Function,
        sweeper: lambda_.Function,
    ) -> None:
        """Hand each queue to its consumer, and start the sweeper by the clock.

        A dead letter that its consumer cannot settle stays in the queue until it can. A callback
        that no try delivered stays until the operator redrives it.
        """
        callbacks.add_event_source(
            event_sources.SqsEventSource(
                self.callbacks,
                batch_size=_CALLBACKS_PER_CALL,
                max_concurrency=_CALLBACKS_AT_ONCE,
                report_batch_item_failures=True,
            )
        )
        events.Rule(
            self,
            "Sweep",
            description="Starts the sweeper",
            schedule=events.Schedule.rate(Duration.minutes(contract.SWEEP_MINUTES)),
            # The next run does what a failed one left.
            targets=[targets.LambdaFunction(sweeper, retry_attempts=0)],
        )
        optimizer.add_event_source(
            event_sources.SqsEventSource(
                self.images,
                batch_size=_IMAGES_PER_CALL,
                max_concurrency=self._settings.max_concurrency,
                report_batch_item_failures=True,
            )
        )
        dead_letters.add_event_source(
            event_sources.SqsEventSource(
                self.dead_letters,
                batch_size=_DEAD_LETTERS_PER_CALL,
                max_concurrency=2,
                report_batch_item_failures=True,
            )
        )
