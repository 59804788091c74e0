"""Test what every handler does around its one service call, for both APIs."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

import pytest

from leanpix.contract import IDEMPOTENCY_HEADER
from leanpix.gateway import read_event
from tests.handlers import CONTEXT, Answer, House, form, load_handler

APIS = [
    ("/v1/optimize", [('name="type"', b"file")], "file"),
    ("/api/optimize", [], "image"),
]


def submit(
    house: House,
    path: str,
    parts: list[tuple[str, bytes]],
    field: str,
    *,
    data: bytes = b"gain:1",
    key: str | None = None,
) -> Answer:
    """Submit a file."""
    body, headers = form([*parts, (f'name="{field}"; filename="a.png"', data)])
    if key is not None:
        headers[IDEMPOTENCY_HEADER] = key
    return house.call("POST", path, body=body, headers=headers)


def id_of(answer: Answer) -> int:
    """Return the id of an accepted job, by either API."""
    body: Any = answer.json()
    return int(body.get("process_id") or body["data"]["image_id"])


def break_down(*_: object, **__: object) -> None:
    """Fail as nobody foresaw."""
    message = "the table is on fire in eu-central-1"
    raise RuntimeError(message)


@pytest.mark.parametrize("api", APIS)
def test_a_fault_is_told_as_an_internal_error_and_no_more(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    monkeypatch.setattr(type(house.world.submission_service), "accept", break_down)
    answer = submit(house, *api)
    assert answer.status == 500
    assert b"Internal server error." in answer.body
    assert b"fire" not in answer.body


@pytest.mark.parametrize("api", APIS)
def test_a_request_sent_again_under_its_key_is_the_same_job(api: Any) -> None:
    house = House(tokens=5)
    first, again, other = (submit(house, *api, key=key) for key in ("k1", "k1", "k2"))
    assert id_of(first) == id_of(again) != id_of(other)
    assert house.call("POST", "/v1/users/info").json()["result"]["tokens"] == 3


@pytest.mark.parametrize("api", APIS)
def test_another_request_under_a_used_key_is_409(api: Any) -> None:
    house = House()
    submit(house, *api, key="k1")
    answer = submit(house, *api, key="k1", data=b"gain:2")
    assert answer.status == 409
    assert b"was used for another request" in answer.body


@pytest.mark.parametrize("api", APIS)
def test_a_key_of_the_longest_length_is_kept(api: Any) -> None:
    house = House(tokens=5)
    first, again = (submit(house, *api, key="x" * 255) for _ in range(2))
    assert first.status in {200, 202}
    assert id_of(first) == id_of(again)


@pytest.mark.parametrize(("api", "status"), list(zip(APIS, (400, 422), strict=True)))
@pytest.mark.parametrize("key", ["x" * 256, "schlüssel"])
def test_a_key_that_cannot_be_kept_is_refused(api: Any, status: int, key: str) -> None:
    assert submit(House(), *api, key=key).status == status


@pytest.mark.parametrize("api", APIS)
def test_a_call_without_an_account_is_401(api: Any) -> None:
    """API Gateway has refused it before; should it not have, the handler does."""
    path, parts, _ = api
    body, headers = form(parts)
    answer = House().call("POST", path, body=body, headers=headers, account_id=None)
    assert answer.status == 401


def test_header_names_are_read_in_any_case() -> None:
    body, _ = form([('name="type"', b"url"), ('name="url"', b"https://example.com/gain")])
    for name in ("Content-Type", "content-type", "CONTENT-TYPE"):
        headers = {name: "multipart/form-data; boundary=b"}
        assert House().call("POST", "/v1/optimize", body=body, headers=headers).status == 202


@pytest.mark.parametrize(
    ("method", "route", "allowed"),
    [("GET", "/v1/optimize", "OPTIONS, POST"), ("PUT", "/api/v1/usage", "GET, OPTIONS")],
)
def test_a_method_that_a_path_has_not_is_405_in_the_words_of_its_api(
    method: str, route: str, allowed: str
) -> None:
    event = {"httpMethod": method, "path": route, "resource": route, "headers": {}}
    result = load_handler("health").handler(event, CONTEXT)
    body = json.loads(b64decode(result["body"]))
    assert (result["statusCode"], result["headers"]["Allow"]) == (405, allowed)
    text = f"The method is not allowed. Use {allowed}."
    assert text in (body.get("errors") or [body["message"]])


def test_a_header_that_was_sent_twice_has_both_values() -> None:
    event = {
        "httpMethod": "POST",
        "path": "/shrink",
        "headers": {"Content-Type": "multipart/form-data", "Accept": "*/*"},
        "multiValueHeaders": {
            "Content-Type": ["application/json", "multipart/form-data"],
            "Accept": ["*/*"],
        },
    }
    assert read_event(event).headers == {
        "content-type": "application/json, multipart/form-data",
        "accept": "*/*",
    }
