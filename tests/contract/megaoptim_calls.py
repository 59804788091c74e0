"""Calls of MegaOptim's routes for the tests of the resolutions: submit, poll, read."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.handlers import Answer, House, form

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
URL = "https://example.com/gain"
PYTHON_CLIENT = {"User-Agent": "MegaOptim Python Client v1.0.0"}


def submit(
    house: House,
    fields: dict[str, str],
    *,
    path: str = "/v1/optimize",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Submit a form."""
    return house.call(
        "POST", path, body=urlencode(fields).encode(), headers=URLENCODED | (headers or {})
    )


def submit_files(
    house: House, *files: tuple[str, bytes], path: str = "/v1/optimize", **fields: str
) -> int:
    """Submit files by their field's names, and return the process id."""
    kind = "files" if len(files) > 1 else "file"
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts += [(f'name="{name}"; filename="{name}.png"', data) for name, data in files]
    body, headers = form([('name="type"', kind.encode()), *parts])
    answer = house.call("POST", path, body=body, headers=headers)
    assert answer.status == 202, answer.body
    return int(answer.json()["process_id"])


def poll(house: House, process_id: int, **details: Any) -> Answer:
    """Ask for a result."""
    return house.call("POST", f"/v1/optimize/{process_id}/result", **details)


def results(house: House, *files: tuple[str, bytes], **fields: str) -> list[dict[str, Any]]:
    """Submit files, let the optimizer work, and return what became of each."""
    process_id = submit_files(house, *files, **fields)
    house.finish()
    found: list[dict[str, Any]] = poll(house, process_id).json()["result"]
    return found


def errors(answer: Answer) -> list[str]:
    """Return the texts of a 400."""
    assert answer.status == 400
    texts: list[str] = answer.json()["errors"]
    return texts
