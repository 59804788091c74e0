"""Batches of SQS messages, of which those that failed are reported and delivered again.

See "Implementing partial batch responses" in the AWS Lambda guide.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from leanpix.adapters import deadline
from leanpix.contract import CORRELATION_ATTRIBUTE, MetricName
from leanpix.domain.tasks import (
    CallbackTask,
    ImageTask,
    callback_task_from_body,
    task_from_body,
)
from leanpix.observability import begin_log, count, logger, write_metrics
from leanpix.services.ports import LeaseLostError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

LEAST_SECONDS: Final = 15.0
"""With less left, a message is given back untouched rather than begun and cut off."""
STOP_MARGIN_SECONDS: Final = 1.0

_Task = TypeVar("_Task", ImageTask, CallbackTask)


class TooLateError(Exception):
    """The function is about to be stopped; the message is for another."""


def handle_batch(
    event: dict[str, Any], context: LambdaContext, work: Callable[[ImageTask, float], object]
) -> PartialItemFailureResponse:
    """Do ``work(task, seconds_left)`` for each image and return which must come again."""
    return _handle(event, context, task_from_body, work)


def handle_callbacks(
    event: dict[str, Any], context: LambdaContext, work: Callable[[CallbackTask, float], object]
) -> PartialItemFailureResponse:
    """Do ``work(task, seconds_left)`` for each callback and return which must come again."""
    return _handle(event, context, callback_task_from_body, work)


def begin(context: LambdaContext) -> float:
    """Let all calls to AWS keep within the time that is left, and return it."""
    seconds_left = context.get_remaining_time_in_millis() / 1000 - STOP_MARGIN_SECONDS
    deadline.begin(seconds_left)
    return seconds_left


def _begin_message(context: LambdaContext) -> float:
    seconds_left = begin(context)
    if seconds_left < LEAST_SECONDS:
        raise TooLateError
    return seconds_left


def _handle(
    event: dict[str, Any],
    context: LambdaContext,
    read: Callable[[str], _Task],
    work: Callable[[_Task, float], object],
) -> PartialItemFailureResponse:
    def handle(record: SQSRecord) -> None:
        _begin_log(record, context)
        try:
            seconds_left = _begin_message(context)
            task = read(record.body)
            logger.append_keys(job_id=task.job_id, task=asdict(task))
            work(task, seconds_left)
        except (LeaseLostError, TooLateError) as error:
            logger.info("message left for another", why=type(error).__name__)
            raise
        except Exception:
            logger.exception("message failed")
            count(MetricName.INTERNAL_ERRORS)
            raise
        logger.info("message handled")

    return process_partial_response(
        event=event,
        context=context,
        record_handler=handle,
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
    )


def _begin_log(record: SQSRecord, context: LambdaContext) -> None:
    """Tie what is logged to the message, and to the request that it goes back to."""
    attribute = record.message_attributes[CORRELATION_ATTRIBUTE]
    begin_log(
        request_id=context.aws_request_id,
        correlation_id=attribute.string_value if attribute else None,
        message_id=record.message_id,
    )
    waited_seconds = time.time() - int(record.attributes.sent_timestamp) / 1000
    write_metrics(
        {MetricName.QUEUE_SECONDS: (MetricUnit.Seconds, max(0.0, waited_seconds))},
        service=logger.service,
    )
