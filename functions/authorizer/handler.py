"""Turn a key into an account and its policy, as API Gateway's REQUEST authorizer.

API Gateway keeps the answer for a key, so it covers every route: an account may call them all. An
unknown key may call only the routes whose own check of the key follows and refuses it (401).
"""

import re
from typing import TYPE_CHECKING, Any

from leanpix.bootstrap import key_service
from leanpix.contract import (
    API_KEY_HEADER,
    BASIC_ACCESSES,
    KEY_CHECKED_ACCESSES,
    ROUTES,
    find_route,
)
from leanpix.http import parse_basic_password
from leanpix.observability import begin_log, logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

UNKNOWN = "unknown"
PATH_PARAMETER = re.compile(r"\{[^}]*\}")
KEY_CHECKED_CALLS = [
    # A policy is matched with the called path, not with that of the route.
    f"{route.method}{PATH_PARAMETER.sub('*', route.path)}"
    for route in ROUTES
    if route.access in KEY_CHECKED_ACCESSES
]
SERVICE = key_service()


def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Return the policy of a key."""
    account_id = SERVICE.identify(read_key(event))
    request_context = event.get("requestContext") or {}
    begin_log(request_id=context.aws_request_id, correlation_id=request_context.get("requestId"))
    logger.info("authorized", account_id=account_id)
    # arn:aws:execute-api:region:account:api/stage/METHOD/path
    stage_arn = "/".join(event["methodArn"].split("/")[:2])
    policy = _allow(stage_arn, ["*/*"] if account_id else KEY_CHECKED_CALLS)
    if account_id is None:
        return {"principalId": UNKNOWN, "policyDocument": policy}
    return {
        "principalId": account_id,
        "policyDocument": policy,
        "context": {"accountId": account_id},
    }


def read_key(event: dict[str, Any]) -> str:
    """Return the key of a call, from where its route has it."""
    sent: dict[str, str] = event.get("headers") or {}
    headers = {name.lower(): value for name, value in sent.items()}
    route = find_route(event.get("httpMethod", ""), event.get("resource", ""))
    if route and route.access in BASIC_ACCESSES:
        return parse_basic_password(headers.get("authorization", ""))
    return headers.get(API_KEY_HEADER.lower(), "")


def _allow(stage_arn: str, calls: list[str]) -> dict[str, Any]:
    """Return a policy (API Gateway guide, "Output from an API Gateway Lambda authorizer").

    Powertools has a class for it, but importing it takes a quarter of the time that this function
    needs to start, and every call waits for this function.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": [f"{stage_arn}/{call}" for call in calls],
            }
        ],
    }
