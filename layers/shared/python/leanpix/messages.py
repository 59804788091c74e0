"""Batches of SQS messages, of which those that failed are reported and delivered again.

See "Implementing partial batch responses" in the AWS Lambda guide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from leanpix.domain.tasks import ImageTask, task_from_body
from leanpix.observability import logger
from leanpix.services.ports import LeaseLostError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

LEAST_SECONDS: Final = 15.0
"""With less left, a message is given back untouched rather than begun and cut off."""
STOP_MARGIN_SECONDS: Final = 1.0

Work = Callable[[ImageTask, float], object]


class TooLateError(Exception):
    """The function is about to be stopped; the message is for another."""


def handle_batch(
    event: dict[str, Any], context: LambdaContext, work: Work
) -> PartialItemFailureResponse:
    """Do ``work(task, seconds_left)`` for each message and return which must come again."""
    return process_partial_response(
        event=event,
        context=context,
        record_handler=lambda record: _handle_message(record, context, work),
        processor=BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False),
    )


def _handle_message(record: SQSRecord, context: LambdaContext, work: Work) -> None:
    logger.append_keys(request_id=context.aws_request_id, message_id=record.message_id)
    try:
        seconds_left = _count_seconds_left(context)
        task = task_from_body(record.body)
        logger.append_keys(job_id=task.job_id, image=task.index)
        work(task, seconds_left)
    except (LeaseLostError, TooLateError) as error:
        logger.info("message left for another", why=type(error).__name__)
        raise
    except Exception:
        logger.exception("message failed")
        raise
    logger.info("message handled")


def _count_seconds_left(context: LambdaContext) -> float:
    seconds_left = context.get_remaining_time_in_millis() / 1000 - STOP_MARGIN_SECONDS
    if seconds_left < LEAST_SECONDS:
        raise TooLateError
    return seconds_left
