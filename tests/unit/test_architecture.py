"""Test that docs/ARCHITECTURE.md names every room, and only paths and names that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
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


def test_every_path_on_the_page_exists() -> None:
    named = [*paths(PAGE), *(name for _, file, _ in where_do_i() for name in in_code(file))]
    missing = [name for name in named if not to_path(name).exists()]
    assert len(named) > 80
    assert not missing


def test_every_name_in_the_table_stands_in_its_file() -> None:
    rows = where_do_i()
    assert len(rows) >= 10
    for what, file, name in rows:
        files = [to_path(each).read_text(encoding="utf-8") for each in in_code(file)]
        names = in_code(name)
        assert files
        assert names, what
        for wanted in names:
            found = re.compile(rf"^\s*(?:def |class |[\w.]+\.)?{wanted}\b", re.MULTILINE)
            assert any(found.search(text) for text in files), (what, wanted)


def test_every_room_is_on_the_page() -> None:
    code = [ROOT / SERVICE, ROOT / ENGINE]
    packages = [path.parent for home in code for path in home.rglob("__init__.py")]
    modules = [path for path in (ROOT / SERVICE).glob("*.py") if path.name != "__init__.py"]
    tests = [path for path in (ROOT / "tests").iterdir() if any(path.glob("test_*.py"))]
    top = [ROOT / name for name in ("functions", "infra", "local", "cli", "benchmarks", "tools")]
    listed = {to_path(name).resolve() for name in paths(PAGE)}
    rooms = [*packages, *modules, *tests, *top]
    missing = [room for room in rooms if room not in listed and room not in code]
    assert len(rooms) > 40
    assert not missing
