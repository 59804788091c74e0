"""Test the limits and answers of API Gateway, and its reading of a function's result."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from leanpix_local.gateway import (
    FAILURE_HEADER,
    MAX_LAMBDA_PAYLOAD_BYTES,
    event_bytes,
    gateway_answers,
)
from leanpix_local.proxy_result import proxy_response


def failure_of(result: object, **execution: Any) -> str | None:
    response, _ = proxy_response({"body": result, **execution})
    assert response is not None
    reason: str | None = (response.get("headers") or {}).get(FAILURE_HEADER)
    return reason


def test_gateway_answers_are_those_of_the_template() -> None:
    template = {
        "Resources": {
            "A": {
                "Type": "AWS::ApiGateway::GatewayResponse",
                "Properties": {
                    "ResponseType": "INTEGRATION_TIMEOUT",
                    "StatusCode": "504",
                    "ResponseParameters": {"gatewayresponse.header.Retry-After": "'1'"},
                    "ResponseTemplates": {"application/json": '{"code": 504}'},
                },
            },
            "B": {"Type": "AWS::SQS::Queue"},
        }
    }
    answers = gateway_answers(template)
    assert list(answers) == ["INTEGRATION_TIMEOUT"]
    answer = answers["INTEGRATION_TIMEOUT"]
    assert answer.status == 504
    assert answer.headers == {"Content-Type": "application/json", "Retry-After": "1"}
    assert answer.body == b'{"code": 504}'


def test_a_body_counts_as_base64() -> None:
    small = event_bytes(target="/", headers=100, body=0)
    assert event_bytes(target="/", headers=100, body=3_000_000) - small == 4_000_000


@pytest.mark.parametrize(
    "result",
    [
        None,
        "text",
        [],
        {},
        {"hello": "world"},
        {"statusCode": 200, "body": "", "extra": 1},
        {"statusCode": "200", "body": ""},
        {"statusCode": True, "body": ""},
        {"statusCode": 42, "body": ""},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a": ["b"]}},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
        {"statusCode": 200, "body": "", "isBase64Encoded": "yes"},
        {"statusCode": 200, "body": "not base64!", "isBase64Encoded": True},
    ],
)
def test_a_result_that_api_gateway_refuses_is_a_failure(result: object) -> None:
    assert failure_of(result) == "malformed_result"


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": 204},
        {"statusCode": 200, "body": None},
        {"statusCode": 465, "body": "x", "headers": {"a": "b", "n": 1, "t": True}},
        {"statusCode": 200, "multiValueHeaders": {"a": ["b", "c"]}, "headers": None},
        {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True},
        json.dumps({"statusCode": 200, "body": "x"}),
    ],
)
def test_a_result_that_api_gateway_takes_passes(result: object) -> None:
    assert failure_of(result) is None


def test_an_exception_tells_nothing_of_itself() -> None:
    response, _ = proxy_response({"error": True, "body": {"errorMessage": "secret"}})
    assert response is not None
    assert "secret" not in json.dumps(response)


def test_a_response_over_six_megabytes_is_a_failure() -> None:
    body = base64.b64encode(bytes(MAX_LAMBDA_PAYLOAD_BYTES * 3 // 4)).decode()
    too_large = {"statusCode": 200, "body": body, "isBase64Encoded": True}
    assert failure_of(too_large) == "result_too_large"
    too_large["body"] = body[:-400]
    assert failure_of(too_large) is None


def test_a_function_cannot_set_the_content_length() -> None:
    response, _ = proxy_response(
        {"body": {"statusCode": 200, "body": "abc", "headers": {"content-length": "9"}}}
    )
    assert response is not None
    assert response["headers"] == {"x-amzn-Remapped-Content-Length": "9"}
