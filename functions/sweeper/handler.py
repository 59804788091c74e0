"""Heal what a crash left half done, once a minute."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import sweep_service
from leanpix.messages import begin
from leanpix.metrics import count_sweep
from leanpix.observability import begin_log, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SERVICE = sweep_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Sweep for as long as there is time, and report the finds."""
    begin_log(request_id=context.aws_request_id)
    report = SERVICE.sweep(seconds_left=begin(context))
    logger.info("swept", **asdict(report))
    count_sweep(report)
    return asdict(report)
