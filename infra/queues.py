"""Build the queues of images and of callbacks, their dead letters, and the sweeper's clock."""

from __future__ import annotations

from typing import Final

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import CALLBACKS_TIMEOUT_SECONDS, DEAD_LETTERS_TIMEOUT_SECONDS
from infra.settings import Settings
from leanpix import contract

# One: an image can use a function's whole memory and time.
_IMAGES_PER_CALL: Final = 1
_DEAD_LETTERS_PER_CALL: Final = 10
# One: the other side may take as long as the function may.
_CALLBACKS_PER_CALL: Final = 1
_CALLBACKS_AT_ONCE: Final = 10
_DEAD_LETTERS_AT_ONCE: Final = 2
"""The least that an event source takes."""
_MAX_RETENTION_DAYS: Final = 14
"""The longest that SQS keeps a message (Amazon SQS quotas)."""
_CALLBACK_RETENTION_DAYS: Final = 1
_VISIBILITY_TIMES_TIMEOUT: Final = 6
"""A queue's visibility timeout, as a multiple of its consumer's (Lambda guide, "Using Lambda with
Amazon SQS")."""


class Queues(Construct):
    """The queues, each with its dead letters, and the sweeper's clock."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        """Create the queues; `feed` connects the functions."""
        super().__init__(scope, construct_id)
        self._settings = settings
        longest = Duration.days(_MAX_RETENTION_DAYS)
        self.dead_letters = self._queue(
            "DeadLetters",
            retention=longest,
            visibility=Duration.seconds(_VISIBILITY_TIMES_TIMEOUT * DEAD_LETTERS_TIMEOUT_SECONDS),
        )
        self.images = self._queue(
            "Images",
            # An image that waited for longer than its upload is kept cannot be optimized.
            retention=Duration.days(min(settings.retention_days, _MAX_RETENTION_DAYS)),
            visibility=Duration.seconds(settings.visibility_timeout_seconds),
            dead_letters=self.dead_letters,
        )
        self.dead_callbacks = self._queue("DeadCallbacks", retention=longest)
        self.callbacks = self._queue(
            "Callbacks",
            retention=Duration.days(_CALLBACK_RETENTION_DAYS),
            # One message a call, so that twice the time-out is enough.
            visibility=Duration.seconds(2 * CALLBACKS_TIMEOUT_SECONDS),
            dead_letters=self.dead_callbacks,
        )

    @property
    def by_name(self) -> dict[str, sqs.Queue]:
        """The queues by what waits in them."""
        return {
            "images": self.images,
            "dead_letters": self.dead_letters,
            "callbacks": self.callbacks,
            "dead_callbacks": self.dead_callbacks,
        }

    def _queue(
        self,
        construct_id: str,
        *,
        retention: Duration,
        visibility: Duration | None = None,
        dead_letters: sqs.Queue | None = None,
    ) -> sqs.Queue:
        return sqs.Queue(
            self,
            construct_id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=retention,
            visibility_timeout=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=dead_letters, max_receive_count=contract.MAX_RECEIVES
            )
            if dead_letters
            else None,
        )

    def feed(
        self,
        *,
        optimizer: lambda_.IFunction,
        dead_letters: lambda_.IFunction,
        callbacks: lambda_.IFunction,
        sweeper: lambda_.IFunction,
    ) -> None:
        """Hand each queue to its consumer, and start the sweeper by the clock.

        A dead letter that its consumer cannot settle stays in the queue until it can. A callback
        that no try delivered stays until the operator redrives it.
        """
        callbacks.add_event_source(
            _source(self.callbacks, batch=_CALLBACKS_PER_CALL, at_once=_CALLBACKS_AT_ONCE)
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
            _source(
                self.images, batch=_IMAGES_PER_CALL, at_once=self._settings.optimizer_concurrency
            )
        )
        dead_letters.add_event_source(
            _source(self.dead_letters, batch=_DEAD_LETTERS_PER_CALL, at_once=_DEAD_LETTERS_AT_ONCE)
        )


def _source(queue: sqs.Queue, *, batch: int, at_once: int) -> event_sources.SqsEventSource:
    return event_sources.SqsEventSource(
        queue, batch_size=batch, max_concurrency=at_once, report_batch_item_failures=True
    )
