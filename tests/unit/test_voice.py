"""Hold the code to one voice: reasons for suppressions, opening lines, plain words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (
    "benchmarks",
    "leanpix_cli",
    "functions",
    "infra",
    "layers",
    "leanpix_local",
    "tests",
    "tools",
)
MODULES = sorted(
    [ROOT / "app.py", *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))]
)

SUPPRESSION = re.compile(r"#\s*(ruff:\s*)?noqa|#\s*type:\s*ignore", re.IGNORECASE)
WITH_REASON = re.compile(
    r"# (ruff: )?noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S.*"
    r"|# type: ignore\[[a-z-]+(, [a-z-]+)*\]  # \S.*"
)


def comments(source: str) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def bare_suppressions(source: str) -> list[int]:
    return [
        line
        for line, comment in comments(source)
        if SUPPRESSION.search(comment) and not WITH_REASON.fullmatch(comment)
    ]


def test_every_suppression_says_why_on_its_line() -> None:
    bare = {
        str(path.relative_to(ROOT)): lines
        for path in MODULES
        if (lines := bare_suppressions(path.read_text(encoding="utf-8")))
    }
    assert not bare


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: F401",
        "# noqa: F401 (loads it)",
        "# noqa: F401 - ",
        "# type: ignore",
        "# type: ignore  # who knows",
        "# type: ignore[arg-type]",
        "# ruff: noqa: PLC0415",
    ],
)
def test_a_suppression_without_a_rule_or_a_reason_is_found(comment: str) -> None:
    assert bare_suppressions(f"import os  {comment}\n") == [1]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: F401, PLC0415 - loads it",
        "# type: ignore[arg-type]  # a fake",
        "# ruff: noqa: PLC0415 - the module's purpose",
        "# no quality",
    ],
)
def test_a_suppression_with_its_reason_is_right(comment: str) -> None:
    assert bare_suppressions(f"import os  {comment}\n") == []


NO_OPENING = re.compile(r"(What|How|Where|Who|Whose|Whether|Having|Which|When)\b")
PRIVATE_WORDS = re.compile(
    r"\b(is|are) told\b(?! apart)|\bnurser(y|ies)\b|\bwhat of (it|the|a)\b"
    r"|\bhave \w+ told\b|\bin whichever way\b|\bwhat(ever)? becomes of\b",
    re.IGNORECASE,
)


def openings() -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): (
            ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        ).partition("\n")[0]
        for path in MODULES
    }


def test_every_module_has_an_opening_line_that_is_a_sentence() -> None:
    assert not [name for name, line in openings().items() if not line or line[-1] not in ".:"]


def test_no_opening_line_begins_with_a_question_word() -> None:
    asking = {name: line for name, line in openings().items() if NO_OPENING.match(line)}
    assert not asking


def test_no_module_uses_private_words() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{number}": line.strip()
        for path in MODULES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if PRIVATE_WORDS.search(line)
    }
    assert not found
