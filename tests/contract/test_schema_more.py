"""Test by schemathesis that the local cloud answers as `/openapi.json` says, never with a 5xx.

Each operation gets cases that keep to its schema and cases that break it, made by Hypothesis. Many
accounts take turns, as the documented rates hold for each key.
"""

from __future__ import annotations

import contextlib
import itertools
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import CheckContext, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from leanpix.contract import BASIC_ACCESSES, ROUTES, Access, Route
from leanpix_cli.local_setup import LocalAccount
from leanpix_local.cloud import LocalCloud
from tests.api import Api
from tests.bodies import check_body

CASES = 2_000
"""In all, at least; the last test counts them."""
ACCOUNTS = 24
TOKENS = 3
"""Each account's; the jobs that they pay for are not waited for."""
EXAMPLES = 340
"""For each operation, of requests that keep to the schema and of those that do not."""
FEW_EXAMPLES = 8
"""Of routes that take nothing: there is only so much to be varied."""
ROUTES_BY_NAME = {f"{route.method} {route.path}": route for route in ROUTES}


def declared_type_conformance(
    _context: CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """Hold an answer to the type of its body, by pydantic."""
    route = ROUTES_BY_NAME[f"{case.method.upper()} {case.path}"]
    check_body(route, response.status_code, response.content)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    declared_type_conformance,
]
OPERATIONS = list(ROUTES_BY_NAME)
TAKES_NOTHING = {"/", "/status", "/ping", "/v1/users/info", "/docs", "/openapi.json"}

pytestmark = [
    pytest.mark.slow,
    # Its own way of asking urllib3 and of importing; not ours to mend.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@dataclass
class Tally:
    """The counts of requests and answers."""

    statuses: Counter[int] = field(default_factory=Counter)
    by_operation: Counter[str] = field(default_factory=Counter)


@pytest.fixture(scope="module")
def tally() -> Tally:
    """Return one count over all operations."""
    return Tally()


@pytest.fixture(scope="module")
def keys(make_account: Callable[..., LocalAccount]) -> Iterator[str]:
    """Yield keys of many accounts in turns; one in four has no token, so that 466 comes."""
    tokens = itertools.cycle((0, TOKENS, TOKENS, TOKENS))
    accounts = [make_account(tokens=next(tokens), plan="pro") for _ in range(ACCOUNTS)]
    return itertools.cycle([account.api_key for account in accounts])


@pytest.fixture(scope="module")
def schema(cloud: LocalCloud) -> schemathesis.BaseSchema:
    """Return the description as it is served."""
    answer = Api(cloud.url).get("/openapi.json")
    assert answer.status_code == 200
    return schemathesis.openapi.from_dict(answer.json())


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_keep_to_the_schema(
    schema: schemathesis.BaseSchema,
    keys: Iterator[str],
    cloud: LocalCloud,
    tally: Tally,
    *,
    name: str,
    mode: GenerationMode,
) -> None:
    method, path = name.split(" ")

    @settings(
        max_examples=FEW_EXAMPLES if path in TAKES_NOTHING else EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case[Any]) -> None:
        response = case.call_and_validate(
            base_url=cloud.url,
            headers=_authorize(ROUTES_BY_NAME[name], next(keys)),
            checks=CHECKS,
            timeout=60,
            allow_redirects=False,
        )
        tally.statuses[response.status_code] += 1
        tally.by_operation[name] += 1

    # What takes nothing cannot be broken either.
    with contextlib.suppress(pytest.skip.Exception, Unsatisfiable):
        check()


def _authorize(route: Route, key: str) -> dict[str, str]:
    """Return the header that the route reads its key from."""
    if route.access is Access.PUBLIC:
        return {}
    if route.access in BASIC_ACCESSES:
        return {"Authorization": f"Basic {b64encode(f'api:{key}'.encode()).decode()}"}
    return {"X-API-KEY": key}


def test_there_were_enough_cases_of_every_kind(tally: Tally) -> None:
    if set(tally.by_operation) != set(OPERATIONS):
        pytest.skip("not all operations were run")
    assert sum(tally.statuses.values()) >= CASES, tally
    assert {200, 202, 400, 404, 422, 466} <= set(tally.statuses), tally
