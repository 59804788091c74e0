"""Post the results of finished jobs to their callback URLs."""

from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import callback_service
from leanpix.messages import handle_callbacks
from leanpix.metrics import count_callback

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE = callback_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Try each callback once."""
    return handle_callbacks(
        event,
        context,
        lambda task, seconds_left: count_callback(
            SERVICE.call_back(task, seconds_left=seconds_left)
        ),
    )
