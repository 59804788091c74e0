"""The REQUEST authorizer: a key becomes an account, or nothing is allowed.

API Gateway keeps the answer for a key, so it covers every route: an account may call them all. An
unknown key may call only the routes whose refusal is API Gateway's own key check's to give (401).
"""

import re
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.api_gateway_authorizer_event import (
    APIGatewayAuthorizerRequestEvent,
    APIGatewayAuthorizerResponse,
)

from leanpix.bootstrap import identify_service
from leanpix.contract import API_KEY_HEADER, KEY_CHECKED_ACCESSES, ROUTES
from leanpix.observability import begin_log, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

UNKNOWN = "unknown"
PATH_PARAMETER = re.compile(r"\{[^}]*\}")
SERVICE = identify_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Return the policy for a key."""
    request = APIGatewayAuthorizerRequestEvent(event)
    headers = {name.lower(): value for name, value in request.headers.items()}
    account_id = SERVICE.identify(headers.get(API_KEY_HEADER.lower(), ""))
    request_context = event.get("requestContext") or {}
    begin_log(request_id=context.aws_request_id, correlation_id=request_context.get("requestId"))
    logger.info("authorized", account_id=account_id)
    arn = request.parsed_arn
    policy = APIGatewayAuthorizerResponse(
        principal_id=account_id or UNKNOWN,
        region=arn.region,
        aws_account_id=arn.aws_account_id,
        api_id=arn.api_id,
        stage=arn.stage,
        context={"accountId": account_id} if account_id else None,
    )
    if account_id:
        policy.allow_all_routes()
    else:
        for route in ROUTES:
            if route.access in KEY_CHECKED_ACCESSES:
                # A policy is matched with the path that was called, not with the route's.
                policy.allow_route(route.method, PATH_PARAMETER.sub("*", route.path))
    return policy.asdict()
