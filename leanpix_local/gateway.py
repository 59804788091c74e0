"""Limits of API Gateway that the emulator lacks, and the errors that it makes itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_REQUEST_BYTES: Final = 10 * 1024 * 1024
"""The payload limit of API Gateway ("Amazon API Gateway quotas"), 10 MB."""
MAX_LAMBDA_PAYLOAD_BYTES: Final = 6_291_556
"""The payload limit of Lambda ("Lambda quotas"), 6 MB as its own error message counts them."""
_EVENT_BYTES: Final = 1_500
"""The size of an event besides its body, headers and path, about."""

FAILURE_HEADER: Final = "x-leanpix-local-failure"
"""The header that `leanpix_local.emulator` sets where API Gateway would not pass a response on."""

BAD_REQUEST_BODY: Final = "BAD_REQUEST_BODY"
REQUEST_TOO_LARGE: Final = "REQUEST_TOO_LARGE"
INTEGRATION_TIMEOUT: Final = "INTEGRATION_TIMEOUT"
INTEGRATION_FAILURE: Final = "INTEGRATION_FAILURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAnswer:
    """One of the stack's gateway responses, as a client gets it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def gateway_answers(template: Mapping[str, Any]) -> dict[str, GatewayAnswer]:
    """Read a template's gateway responses: what is answered here is what is deployed."""
    answers = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::ApiGateway::GatewayResponse":
            properties = resource["Properties"]
            answers[properties["ResponseType"]] = GatewayAnswer(
                status=int(properties["StatusCode"]),
                headers={
                    "Content-Type": "application/json",
                    **_constant_headers(properties.get("ResponseParameters", {})),
                },
                body=properties["ResponseTemplates"]["application/json"].encode(),
            )
    return answers


def event_bytes(*, target: str, headers: int, body: int) -> int:
    """Estimate the size of the event that a request becomes: its body stands in it as base64."""
    # Headers and path stand in it twice, as single and as multiple values.
    return _EVENT_BYTES + 2 * (len(target) + headers) + (body + 2) // 3 * 4


def _constant_headers(parameters: Mapping[str, str]) -> dict[str, str]:
    prefix = "gatewayresponse.header."
    return {
        name.removeprefix(prefix): value[1:-1]
        for name, value in parameters.items()
        if name.startswith(prefix) and value.startswith("'")
    }
