"""Hold modules and functions to sizes that a reader takes in at once."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path
    for folder in ("leanpix_cli", "leanpix_local", "functions", "infra", "layers", "tools")
    for path in (ROOT / folder).rglob("*.py")
)
MOST_LINES_OF_A_MODULE = 400
MOST_LINES_OF_A_FUNCTION = 40


def function_sizes(source: str) -> dict[str, int]:
    """Return the lines of each function, from its `def` to its end."""
    return {
        f"{node.name}:{node.lineno}": (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_no_module_is_over_400_lines() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
    }
    assert len(sizes) > 100, "nothing was looked at"
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_is_over_40_lines() -> None:
    sizes = {
        f"{path.relative_to(ROOT)}:{name}": size
        for path in MODULES
        for name, size in function_sizes(path.read_text(encoding="utf-8")).items()
    }
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}


def test_the_size_of_a_function_is_counted_from_its_first_line_to_its_last() -> None:
    assert function_sizes("@cache\ndef one():\n    return (\n        1\n    )\n") == {"one:2": 4}
