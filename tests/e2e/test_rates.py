"""Test the documented rates for each key and method."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from leanpix.contract import BASIC_ACCESSES, ROUTES, Access
from leanpix_cli.local_setup import LocalAccount
from tests.api import Api

DOCUMENTED = {
    "/status": 300,
    "/ping": 300,
    "/v1/optimize": 120,
    "/v1/convert": 120,
    "/v1/optimize/{process_id}/result": 350,
    "/v1/convert/{process_id}/result": 350,
    "/v1/users/info": 120,
}


def test_the_rates_are_those_of_the_document() -> None:
    rates = {route.path: route.requests_per_minute for route in ROUTES}
    assert {path: rates[path] for path in DOCUMENTED} == DOCUMENTED
    assert rates["/"] is None


def test_every_route_with_a_key_that_api_gateway_reads_has_a_rate() -> None:
    """It reads no keys of Basic authentication, so usage plans cannot count those."""
    keyed = [route for route in ROUTES if route.access not in {Access.PUBLIC, *BASIC_ACCESSES}]
    assert all(route.requests_per_minute for route in keyed)


@pytest.mark.parametrize("path", ["/v1/users/info", "/v1/optimize"])
def test_over_its_rate_a_key_is_told_to_slow_down_and_others_are_not(
    api: Api, make_account: Callable[..., LocalAccount], path: str
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post(path), range(160)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200 if path.endswith("info") else 400, 429}
    assert [answer.status_code for answer in answers].count(429) < 60
    refused = next(answer for answer in answers if answer.status_code == 429)
    text = "Too many requests. Please slow down and try again."
    assert refused.json() == {
        "status": "error",
        "code": 429,
        "errors": [text],
        "success": False,
        "error": "Too many requests",
        "message": text,
    }
    assert int(refused.headers["Retry-After"]) >= 1
    other = Api(api.url, make_account().api_key)
    assert other.post(path).status_code != 429
