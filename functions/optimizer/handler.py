"""Optimize the images of a batch of SQS messages."""

from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import optimization_service
from leanpix.messages import answer_probe, handle_batch
from leanpix.metrics import count_image

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE = optimization_service()


def handler(
    event: dict[str, Any], context: "LambdaContext"
) -> "PartialItemFailureResponse | dict[str, Any]":
    """Optimize each image, and report the messages that must be delivered again.

    A probe of the rollout hook brings its image with it.
    """
    if "probe" in event:
        return answer_probe(event["probe"], SERVICE.probe)
    return handle_batch(
        event,
        context,
        lambda task, seconds_left: count_image(SERVICE.optimize(task, seconds_left=seconds_left)),
    )
