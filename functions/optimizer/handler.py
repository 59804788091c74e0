"""Optimize the images of a batch of SQS messages."""

from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import optimization_service
from leanpix.messages import handle_batch
from leanpix.metrics import count_image

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE = optimization_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Optimize each image, and report the messages that must be delivered again."""
    return handle_batch(
        event,
        context,
        lambda task, seconds_left: count_image(SERVICE.optimize(task, seconds_left=seconds_left)),
    )
