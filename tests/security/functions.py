"""Run all functions in one process over moto, as Lambda would call them."""

from __future__ import annotations

import base64
import functools
import importlib.util
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from leanpix import bootstrap, contract, deadline, gateway
from leanpix.adapters import aws
from leanpix.contract import EnvironmentName

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
BASE_URL = "https://api.example"


class Context:
    """The facts of a call that Lambda hands to a handler."""

    aws_request_id = "request-1"
    function_name = "leanpix-test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:leanpix-test"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def environment(queue_url: str, callbacks_url: str) -> dict[str, str]:
    """Return the environment of all functions together."""
    name = EnvironmentName
    return {
        name.BASE_URL: BASE_URL,
        name.SITE_URL: "https://site.example",
        name.JOBS_TABLE: "jobs",
        name.KEYS_TABLE: "keys",
        name.ACCOUNTS_TABLE: "accounts",
        name.BUCKET: "images",
        name.STORE_URL: "https://images.s3.eu-central-1.amazonaws.com",
        name.IMAGES_QUEUE_URL: queue_url,
        name.CALLBACKS_QUEUE_URL: callbacks_url,
        name.CALLBACKS_DEAD_LETTER_QUEUE_URL: callbacks_url,
        name.INTEGRATION_TIMEOUT_SECONDS: "3",
        name.RETENTION_DAYS: "7",
        name.STACK_NAME: "leanpix-test",
    }


def start_anew(patch: pytest.MonkeyPatch) -> None:
    """Give the process empty caches, as a new one has, until the patch is undone.

    What other tests keep in theirs is there again afterwards.
    """
    fresh = {
        value: functools.cache(value.__wrapped__)
        for module in (bootstrap, aws, gateway)
        for value in vars(module).values()
        if hasattr(value, "cache_clear")
    }
    modules = [
        module for name, module in sys.modules.items() if name.partition(".")[0] == "leanpix"
    ]
    for module in modules:
        for name, value in list(vars(module).items()):
            if callable(value) and hasattr(value, "cache_clear") and value in fresh:
                patch.setattr(module, name, fresh[value])
    patch.setattr(deadline, "_ends_at", math.inf)


def load(name: str) -> Callable[[dict[str, Any], Any], Any]:
    """Return the handler of a function, freshly started."""
    spec = importlib.util.spec_from_file_location(
        f"handler_{name}", FUNCTIONS / name / "handler.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    handler: Callable[[dict[str, Any], Any], Any] = module.handler
    return handler


def call(  # noqa: PLR0913 - what a request consists of
    name: str,
    path: str,
    fields: dict[str, str] | None = None,
    *,
    method: str = "POST",
    account: str | None = "acc_1",
    headers: dict[str, str] | None = None,
    resource: str | None = None,
    parameters: dict[str, str] | None = None,
    body: bytes | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Call a function as API Gateway does and return its answer, the body decoded."""
    sent = urlencode(fields or {}).encode() if body is None else body
    event = {
        "httpMethod": method,
        "path": path,
        "resource": resource or path,
        "pathParameters": parameters,
        "queryStringParameters": query,
        "headers": {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})},
        "body": base64.b64encode(sent).decode(),
        "isBase64Encoded": True,
        "requestContext": {
            "requestId": "api-1",
            "authorizer": {"accountId": account} if account else None,
        },
    }
    result: dict[str, Any] = load(name)(event, Context())
    return {**result, "body": base64.b64decode(result["body"])}


def authorize(api_key: str) -> dict[str, Any]:
    """Ask the authorizer."""
    event = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:api/dev/POST/v1/optimize",
        "headers": {contract.API_KEY_HEADER: api_key},
        "requestContext": {"requestId": "api-1"},
    }
    result: dict[str, Any] = load("authorizer")(event, Context())
    return result


def deliver(name: str, *bodies: str) -> dict[str, Any]:
    """Deliver messages to a function as SQS does."""
    records = [
        {
            "messageId": f"message-{number}",
            "receiptHandle": "receipt",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1700000000000"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:images",
            "awsRegion": "eu-central-1",
        }
        for number, body in enumerate(bodies)
    ]
    result: dict[str, Any] = load(name)({"Records": records}, Context())
    return result


def read(answer: dict[str, Any]) -> Any:
    """Return an answer's JSON."""
    return json.loads(answer["body"])
