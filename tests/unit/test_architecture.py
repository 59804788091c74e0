"""Test that ARCHITECTURE.md and CONTRIBUTING.md name every room, and only what exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
ENGINE = "layers/engine/python/leanpix_engine/"
SERVICE = "layers/shared/python/leanpix/"
SHORT_NAMES = {"leanpix/": SERVICE, "leanpix_engine/": ENGINE, "native/": "layers/engine/native/"}
FILE = re.compile(r"[\w./-]+(?:/|\.(?:py|c|h|md|yaml))")


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def to_path(name: str) -> Path:
    for short, full in SHORT_NAMES.items():
        if name.startswith(short):
            return ROOT / (full + name.removeprefix(short))
    return ROOT / name


def paths(text: str) -> list[str]:
    return [name for name in in_code(text) if "/" in name and FILE.fullmatch(name)]


def where_do_i() -> list[list[str]]:
    """Return the cells of the table "Where do I …" without its head."""
    section = PAGE.split("## Where do I …")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def steps_to_add() -> list[str]:
    """Return the numbered steps of CONTRIBUTING's "How to add …"."""
    section = GUIDE.split("## How to add …")[1].split("\n## ")[0]
    return [" ".join(step.split()) for step in re.split(r"\n(?=\d+\. )|\n\n", section)]


@pytest.mark.parametrize(("page", "least"), [(PAGE, 80), (GUIDE, 30)], ids=["page", "guide"])
def test_every_path_exists(page: str, least: int) -> None:
    named = paths(page)
    assert len(named) >= least
    assert not [name for name in named if not to_path(name).exists()]


def test_every_name_in_a_step_stands_in_a_file_of_the_step() -> None:
    looked_at = 0
    for step in steps_to_add():
        files = [to_path(name) for name in paths(step)]
        if not files or any(file.is_dir() for file in files):
            continue
        text = "\n".join(file.read_text(encoding="utf-8") for file in files)
        names = [name for name in in_code(step) if name.isidentifier()]
        assert not [name for name in names if not re.search(rf"\b{name}\b", text)], step
        looked_at += len(names)
    assert looked_at >= 6


def test_every_name_in_the_table_stands_in_its_file() -> None:
    rows = where_do_i()
    assert len(rows) >= 10
    for what, file, name in rows:
        files = [to_path(each).read_text(encoding="utf-8") for each in in_code(file)]
        names = in_code(name)
        assert files
        assert names, what
        for wanted in names:
            found = re.compile(
                rf"^\s*(?:def |class |(?:async )?function |[\w.]+\.)?{wanted}\b", re.MULTILINE
            )
            assert any(found.search(text) for text in files), (what, wanted)


def test_every_room_is_on_the_page() -> None:
    code = [ROOT / SERVICE, ROOT / ENGINE]
    packages = [path.parent for home in code for path in home.rglob("__init__.py")]
    modules = [path for path in (ROOT / SERVICE).glob("*.py") if path.name != "__init__.py"]
    tests = [path for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))]
    top = [
        ROOT / name
        for name in ("functions", "infra", "leanpix_local", "leanpix_cli", "benchmarks", "tools")
    ]
    listed = {to_path(name).resolve() for name in paths(PAGE)}
    rooms = [*packages, *modules, *tests, *top]
    missing = [room for room in rooms if room not in listed and room not in code]
    assert len(rooms) > 40
    assert not missing
