"""Test what the local cloud adds to the emulator, through the deployed stack."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import pytest

from leanpix.contract import GATEWAY_RESPONSES, ErrorName, render_gateway_body
from leanpix_local.cloud import LocalCloud
from leanpix_local.gateway import MAX_REQUEST_BYTES
from leanpix_local.http import Answer, get, post

HEALTH = "leanpix-local-health"
SITE_URL = "https://leanpix.example"


@contextlib.contextmanager
def handler_of_health(cloud: LocalCloud, handler: str) -> Iterator[None]:
    functions = cloud.client("lambda")
    functions.update_function_configuration(FunctionName=HEALTH, Handler=handler)
    try:
        yield
    finally:
        functions.update_function_configuration(FunctionName=HEALTH, Handler="handler.handler")


def is_gateway_answer(answer: Answer, error: ErrorName) -> bool:
    expected = render_gateway_body(error, site_url=SITE_URL)
    return answer.status == expected["code"] and answer.json() == expected


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param("handler.missing", id="cannot start"),
        pytest.param("os.getcwd", id="raises"),
        pytest.param("operator.is_", id="returns no response"),
    ],
)
def test_a_broken_function_is_a_502_that_tells_nothing(cloud: LocalCloud, handler: str) -> None:
    with handler_of_health(cloud, handler):
        answer = get(f"{cloud.url}/status")
    assert is_gateway_answer(answer, GATEWAY_RESPONSES["INTEGRATION_FAILURE"]), answer
    assert get(f"{cloud.url}/status").status == 200


def test_more_than_ten_megabytes_get_the_stacks_own_413(cloud: LocalCloud) -> None:
    answer = post(
        f"{cloud.url}/v1/optimize",
        fields={"type": "file", "file": ("a.jpg", bytes(MAX_REQUEST_BYTES))},
        headers={"X-API-KEY": "x"},
    )
    assert is_gateway_answer(answer, GATEWAY_RESPONSES["REQUEST_TOO_LARGE"]), answer


def test_an_unknown_route_gets_the_stacks_own_404(cloud: LocalCloud) -> None:
    answer = get(f"{cloud.url}/no/such/route")
    assert is_gateway_answer(answer, GATEWAY_RESPONSES["MISSING_AUTHENTICATION_TOKEN"]), answer


def test_lambda_processes_see_nothing_of_this_machines_settings(cloud: LocalCloud) -> None:
    variables = cloud.client("lambda").get_function_configuration(FunctionName=HEALTH)
    assert "LEANPIX_FETCH_ALLOW_LOOPBACK" not in json.dumps(variables["Environment"])
