"""Handle batches of SQS messages, and report those that must be delivered again.

See "Implementing partial batch responses" in the AWS Lambda guide.
"""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aws_lambda_powertools.metrics import MetricUnit

from leanpix import deadline
from leanpix.contract import CORRELATION_ATTRIBUTE, MetricName
from leanpix.domain.tasks import (
    CallbackTask,
    ImageTask,
    callback_task_from_body,
    task_from_body,
)
from leanpix.metrics import count_internal_error, write_metrics
from leanpix.observability import begin_log, logger
from leanpix.services.ports import LeaseLostError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from leanpix.services.engine_port import EngineResult

LEAST_SECONDS: Final = 15.0
"""The time below which a message is left untouched rather than begun and cut off."""
STOP_MARGIN_SECONDS: Final = 1.0

_Task = TypeVar("_Task", ImageTask, CallbackTask)


class TooLateError(Exception):
    """A message that came too shortly before the function is stopped."""


def handle_batch(
    event: dict[str, Any], context: LambdaContext, work: Callable[[ImageTask, float], object]
) -> PartialItemFailureResponse:
    """Do `work(task, seconds_left)` for each image and return which must come again."""
    return _handle(event, context, task_from_body, work)


def handle_callbacks(
    event: dict[str, Any], context: LambdaContext, work: Callable[[CallbackTask, float], object]
) -> PartialItemFailureResponse:
    """Do `work(task, seconds_left)` for each callback and return which must come again."""
    return _handle(event, context, callback_task_from_body, work)


def answer_probe(
    probe: Mapping[str, str], optimize: Callable[[bytes], EngineResult]
) -> dict[str, Any]:
    """Optimize the image of a probe (infra/rollout_hook) and tell the sizes."""
    source = b64decode(probe["image"])
    result = optimize(source)
    made = len(result.main.data) if result.main else 0
    return {"probe": {"original_bytes": len(source), "optimized_bytes": made}}


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
    # Powertools has a processor for this, which imports asyncio and the events of forty services:
    # half of what is left of a worker's start (docs/sizing.md).
    failed = [
        record["messageId"]
        for record in event["Records"]
        if not _handle_record(record, context, read, work)
    ]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _handle_record(
    record: Mapping[str, Any],
    context: LambdaContext,
    read: Callable[[str], _Task],
    work: Callable[[_Task, float], object],
) -> bool:
    """Return whether the message is done with; otherwise it must be delivered again."""
    _begin_log(record, context)
    try:
        seconds_left = _begin_message(context)
        task = read(record["body"])
        logger.append_keys(job_id=task.job_id, task=asdict(task))
        work(task, seconds_left)
    except (LeaseLostError, TooLateError) as error:
        logger.info("message left for another", why=type(error).__name__)
        return False
    except Exception:  # noqa: BLE001 - the boundary: whatever it is, SQS delivers the message again
        logger.exception("message failed")
        count_internal_error()
        return False
    logger.info("message handled")
    return True


def _begin_log(record: Mapping[str, Any], context: LambdaContext) -> None:
    """Tie what is logged to the message, and to the request that it goes back to."""
    begin_log(
        request_id=context.aws_request_id,
        correlation_id=record["messageAttributes"]
        .get(CORRELATION_ATTRIBUTE, {})
        .get("stringValue"),
        message_id=record["messageId"],
    )
    waited_seconds = time.time() - int(record["attributes"]["SentTimestamp"]) / 1000
    write_metrics(
        {MetricName.QUEUE_SECONDS: (MetricUnit.Seconds, max(0.0, waited_seconds))},
        service=logger.service,
    )
