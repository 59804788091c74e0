"""Test that docs/api-coverage.md has a row for everything and a test for each row."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from leanpix.contract import ROUTES, ErrorName
from leanpix.openapi import build_specification

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "docs" / "api-coverage.md").read_text("utf-8")
ROWS = [
    [cell.strip().strip("`") for cell in line.strip("| ").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| ")
]
SPECIFICATION = build_specification(base_url="", site_url="")


@cache
def find_tests(path: str) -> set[str]:
    """Return the tests of a file, and its classes of tests."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found.add(node.name)
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    found.add(f"{node.name}::{member.name}")
    return found


def test_every_row_names_a_test_that_is_there() -> None:
    named = {cell for row in ROWS for cell in row if "::" in cell}
    assert len(named) > 60
    for name in named:
        path, _, test = name.partition("::")
        assert test in find_tests(path), name


def test_every_route_has_a_row() -> None:
    rows = {row[0] for row in ROWS if len(row) == 2}
    assert {f"{route.method} {route.path}" for route in ROUTES} <= rows


def test_every_parameter_has_a_row() -> None:
    rows = {(row[0], row[1]) for row in ROWS if len(row) == 3}
    for path, methods in SPECIFICATION["paths"].items():
        for method, operation in methods.items():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                schema = content["schema"]
                for way in schema.get("oneOf", [schema]):
                    # An image as it is has no fields.
                    names |= set(way.get("properties", ()))
            for name in names:
                assert (f"{method.upper()} {path}", name) in rows


def test_every_error_has_a_row() -> None:
    rows = {(row[0], row[1]) for row in ROWS if len(row) == 4}
    for path, methods in SPECIFICATION["paths"].items():
        for method, operation in methods.items():
            for status in operation["responses"]:
                if int(status) >= 400:
                    assert (f"{method.upper()} {path}", status) in rows
    named = {row[2] for row in ROWS if len(row) == 4}
    made_by_api_gateway_alone = {ErrorName.UNSUPPORTED_MEDIA_TYPE, ErrorName.FORBIDDEN}
    assert {name.value for name in set(ErrorName) - made_by_api_gateway_alone} <= named


def test_every_class_of_resolutions_has_a_row() -> None:
    for api in ("megaoptim", "tinyjpg"):
        prefix = f"tests/contract/test_resolutions_{api}"
        classes = {
            name
            for path in ROOT.glob(f"{prefix}*.py")
            for name in find_tests(str(path.relative_to(ROOT)))
            if re.fullmatch(r"Test\w+", name)
        }
        assert classes == {
            row[2].partition("::")[2]
            for row in ROWS
            if row[-1].startswith(prefix) and len(row) == 3 and row[-1].count("::") == 1
        }
