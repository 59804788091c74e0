"""Test that docs/engine.md has a row for each option, each kind of metadata, and nothing else."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from leanpix_engine import Metadata, Options
from leanpix_engine.__main__ import build_parser

PAGE = (Path(__file__).parents[2] / "docs" / "engine.md").read_text()


def rows_below(title: str) -> list[list[str]]:
    """Return the cells of the first table below a title, without its head."""
    section = PAGE.split(f"## {title}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert lines is not None
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines.group().splitlines()[2:]
    ]


def test_each_option_has_its_row() -> None:
    names = [row[0].strip("`") for row in rows_below("Options")]
    assert sorted(names) == sorted(field.name for field in dataclasses.fields(Options))


def test_each_argument_of_the_command_is_on_the_page() -> None:
    known = {
        name
        for action in build_parser()._actions
        for name in action.option_strings
        if name not in ("-h", "--help")
    }
    assert {f"--{name}" for name in re.findall(r"`--([a-z-]+)", PAGE)} == known


def test_each_kind_of_metadata_has_its_row() -> None:
    assert {row[0].strip("`") for row in rows_below("Metadata")} == set(Metadata)
