"""End and refund the images that no try could optimize."""

from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import give_up_service
from leanpix.messages import handle_batch
from leanpix.metrics import count_given_up

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext


SERVICE = give_up_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """End each image."""
    return handle_batch(event, context, lambda task, _: count_given_up(SERVICE.give_up(task)))
