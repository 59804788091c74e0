"""Test that the API's description is complete, true to the models and safe to open."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any

import pytest

from leanpix.contract import REASONS, ROUTES, Access, ErrorName
from leanpix.dialects.fields import Kind
from leanpix.dialects.megaoptim import fields as megaoptim_fields
from leanpix.dialects.megaoptim import parse_submission
from leanpix.dialects.operations import ACCESS_ERRORS, Task
from leanpix.http import Request
from leanpix.openapi import build_specification, render_page, render_specification
from leanpix.openapi.specification import DESCRIPTIONS
from tests.handlers import BASE_URL, SITE_URL, House
from tools.openapi import describe_api

ROOT = Path(__file__).resolve().parent.parent.parent
SPECIFICATION = build_specification(base_url=BASE_URL, site_url=SITE_URL)
PAGE = render_page(base_url=BASE_URL, site_url=SITE_URL)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation with its method and path."""
    return [
        (method, path, operation)
        for path, methods in SPECIFICATION["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_route_of_the_contract_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for method, path, _ in operations()}
    assert described == {(route.method, route.path) for route in ROUTES}
    for name, description in DESCRIPTIONS.items():
        served = {found.name for found in map(description.find, ROUTES) if found}
        assert {one.name for one in description.operations.values()} == served, name


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids)


def test_a_key_is_asked_for_where_the_contract_does() -> None:
    for route in ROUTES:
        operation = SPECIFICATION["paths"][route.path][route.method.lower()]
        assert bool(operation["security"]) is (route.access is not Access.PUBLIC)
        for error in ACCESS_ERRORS[route.access]:
            found = json.dumps(operation["responses"])
            assert error.value in found


def test_every_rate_stands_in_its_operation() -> None:
    for route in ROUTES:
        operation = SPECIFICATION["paths"][route.path][route.method.lower()]
        if route.requests_per_minute is not None:
            assert f"{route.requests_per_minute} requests a minute" in operation["description"]
            assert "429" in operation["responses"]


def test_every_reference_leads_somewhere() -> None:
    names = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(SPECIFICATION)))
    assert names <= set(SPECIFICATION["components"]["schemas"])
    assert len(names) > 20


def test_every_error_that_a_client_can_be_told_is_described() -> None:
    text = json.dumps(SPECIFICATION["paths"])
    outside_of_routes = {
        ErrorName.METHOD_NOT_ALLOWED,
        ErrorName.ROUTE_NOT_FOUND,
        ErrorName.UNSUPPORTED_MEDIA_TYPE,
        ErrorName.FORBIDDEN,
    }
    for name in set(ErrorName) - outside_of_routes:
        assert f'"{name.value}"' in text, name


def test_the_parser_reads_every_field_that_is_described() -> None:
    """A form that counts which of its fields are asked for."""
    asked: set[str] = set()

    class Fields(dict[str, str]):
        def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # a field may have a default in one type only
            asked.add(name)
            return super().get(name, default)

    for variant in megaoptim_fields.CONVERT_VARIANTS:
        values = {"type": variant.name, "http_user": "ada"}
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        request = Request(method="POST", path="/", route="/v1/convert", body=body)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                "leanpix.dialects.megaoptim.requests.parse_form",
                lambda _request, values=values, **_: type(
                    "Form", (), {"fields": Fields(values), "files": {}}
                ),
            )
            with pytest.raises(Exception, match="invalid_request"):
                parse_submission(request, account_id="a")
        texts = {field.name for field in variant.fields if field.kind is not Kind.FILE}
        assert texts <= asked


@pytest.mark.parametrize("path", ["/openapi.json", "/docs"])
def test_the_description_is_served(path: str) -> None:
    answer = House().call("GET", path)
    assert answer.status == 200
    assert BASE_URL in answer.body.decode()


def test_the_json_is_what_is_built() -> None:
    answer = render_specification(base_url=BASE_URL, site_url=SITE_URL)
    assert json.loads(answer.body) == SPECIFICATION


def test_the_page_shows_every_route_field_and_error_text() -> None:
    text = PAGE.body.decode()
    for method, path, operation in operations():
        assert f"<b>{method.upper()}</b> <code>{path}</code>" in text
        assert f'id="{operation["operationId"]}"' in text
    for variant in megaoptim_fields.OPTIMIZE_VARIANTS:
        for field in variant.fields:
            assert f"<td>{field.name}</td>" in text


def test_the_page_opens_with_the_whole_script_in_four_languages() -> None:
    text = PAGE.body.decode()
    titles = re.findall(r"<summary>(\w+)</summary>", text)
    assert titles == ["curl", "Python", "PHP", "Node"]
    assert text.index("<summary>Node") < text.index("<nav>")


def test_the_scripts_of_the_page_call_the_deployed_stack() -> None:
    page = render_page(base_url="https://images.example.org/dev", site_url=SITE_URL)
    text = page.body.decode()
    assert text.count("https://images.example.org/dev") > 4
    assert "api.example.com" not in text


def test_the_page_has_the_routes_by_task() -> None:
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", PAGE.body.decode())
    assert headings == [
        "One image from end to end",
        "Contents",
        *(task.value for task in Task),
        "Reasons",
        "Errors",
    ]


def test_the_page_has_every_error_text_once() -> None:
    text = PAGE.body.decode()
    for description in DESCRIPTIONS.values():
        for name in (ErrorName.JOB_NOT_FOUND, ErrorName.NO_TOKENS, ErrorName.INTERNAL):
            told = description.errors[name].text.format(site=SITE_URL)
            for status in {entry.status for entry in description.errors.values()}:
                assert text.count(f"<td>{status}</td><td>{escape(told)}</td>") <= 1
            assert f"<td>{escape(told)}</td>" in text


def test_the_page_and_the_description_explain_every_reason() -> None:
    text, told = PAGE.body.decode(), json.dumps(SPECIFICATION, ensure_ascii=False)
    for name, entry in REASONS.items():
        assert f"<td>{name}</td><td>{escape(entry.meaning)}</td>" in text
        assert f"`{name}` | {entry.meaning} | {entry.what_to_do}" in told


def test_the_page_loads_and_runs_nothing() -> None:
    text = PAGE.body.decode()
    assert "<script" not in text
    assert not re.search(r"<(?:img|link|iframe|object|embed)|\ssrc=|url\(", text)
    assert "@import" not in text


def test_the_page_allows_its_own_style_alone() -> None:
    policy = PAGE.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert PAGE.headers["Content-Type"] == "text/html; charset=utf-8"


def test_what_clients_send_is_escaped_on_the_page() -> None:
    """Only the base URL comes from outside, from whoever deploys."""
    page = render_page(base_url='https://x"><script>', site_url=SITE_URL).body.decode()
    assert "<script>" not in page


def test_docs_openapi_yaml_is_what_the_code_says() -> None:
    done = subprocess.run(
        [sys.executable, "tools/openapi.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("function", ["submit", "result", "image", "account"])
def test_no_other_function_loads_the_description(function: str) -> None:
    text = (ROOT / "functions" / function / "handler.py").read_text("utf-8")
    assert "openapi" not in text
    for module in ("megaoptim", "tinyjpg"):
        package = ROOT / "layers/shared/python/leanpix/dialects" / module / "__init__.py"
        assert "operations" not in package.read_text("utf-8")


def test_the_written_description_is_what_the_code_says() -> None:
    written = (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    assert written == describe_api(), "run `make openapi`"
