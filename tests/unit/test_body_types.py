"""Test the check of answers against their declared types that all other tests rely on."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from tests.bodies import check_body, find_route

PONG = {"status": "ok", "code": 200}


def check(body: dict[str, object], status: int = 200) -> None:
    """Hold an answer of `GET /ping` to its type."""
    found = find_route("GET", "/ping")
    assert found
    check_body(found[0], status, json.dumps(body).encode())


def test_an_answer_as_declared_passes() -> None:
    check(PONG)
    check({"status": "error", "code": 404, "errors": ["No."]}, status=404)


@pytest.mark.parametrize(
    "body",
    [
        PONG | {"code": "200"},
        PONG | {"status": "fine"},
        PONG | {"more": 1},
    ],
)
def test_an_answer_of_another_type_does_not(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        check(body)


def test_a_field_with_a_default_is_sent_too() -> None:
    with pytest.raises(AssertionError):
        check({"status": "ok"})


def test_neither_does_an_error_that_is_told_otherwise() -> None:
    with pytest.raises(ValidationError):
        check({"message": "Forbidden"}, status=403)
