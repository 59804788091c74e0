"""Hold answers to the types that their bodies declare, which nothing does at run time.

Strictly: a number is no text, and what no body declares is not sent. The description at
`/openapi.json` is made of the same bodies by our own generator; this is a second reading.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from leanpix.contract import ROUTES, Route
from leanpix.dialects.bodies import Body, render
from leanpix.openapi.specification import DESCRIPTIONS

FIRST_ERROR = 400


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route that a call takes, and the parameters in its path."""
    for route in ROUTES:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path)
        found = re.fullmatch(pattern, path)
        if found and route.method == method:
            return route, found.groupdict()
    return None


def check_body(route: Route, status: int, content: bytes) -> None:
    """Raise where an answer is not what its route declares.

    Read and rendered again it has to be the same: a body sends each field that has a default too.
    """
    adapter = _adapter(route, status)
    if adapter is not None and content:
        body = adapter.validate_json(content, strict=True, extra="forbid")
        assert json.loads(render(body).body) == json.loads(content)


@cache
def _adapter(route: Route, status: int) -> TypeAdapter[Any] | None:
    body = _declared_body(route, status)
    return TypeAdapter(body) if body else None


def _declared_body(route: Route, status: int) -> type[Body] | None:
    description = DESCRIPTIONS[route.api]
    operation = description.find(route)
    if operation is None:
        raise LookupError(route)
    if status >= FIRST_ERROR:
        return description.error_body
    return {answer.status: answer.body for answer in operation.answers}[status]
