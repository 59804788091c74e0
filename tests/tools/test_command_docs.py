"""Test that docs/command.md is what the command says, and that the lines of both pages run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import skimage
import yaml

from leanpix_cli.optimize.arguments import make_parser
from leanpix_cli.optimize.settings import parse_table
from tools import command_docs

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "command.md").read_text("utf-8")
RECIPES = (ROOT / "docs" / "recipes.md").read_text("utf-8")
DATA = Path(skimage.__file__).parent / "data"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


LINES = [line.partition("  #")[0].strip() for line in "".join(blocks(PAGE, "sh")).splitlines()]


def test_the_page_is_what_the_command_says() -> None:
    assert command_docs.render(PAGE) == PAGE


def test_every_option_is_on_the_page() -> None:
    options = {name for action in make_parser()._actions for name in action.option_strings}
    shown = PAGE.replace("--[no-]", "--no-") + PAGE.replace("--[no-]", "--")
    old = {"--webp", "--keep-exif", "-h", "--help", "-r", "-j"}
    assert [name for name in sorted(options - old) if f"{name}" not in shown] == []


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_page_runs(line: str, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for target in (photos / "a.jpg", tmp_path / "photo.jpg"):
        shutil.copy(DATA / "rocket.jpg", target)
    shutil.copy(DATA / "page.png", tmp_path / "a.png")
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": path,
            "LEANPIX_CACHE_DIR": str(tmp_path / "c"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int("--check" in line), done.stderr


def test_the_settings_of_the_page_are_settings() -> None:
    (text,) = blocks(PAGE, "toml")
    table = tomllib.loads(text)["tool"]["leanpix"]
    (override,) = table.pop("overrides")
    override.pop("files")
    assert parse_table(table, "page")
    assert parse_table(override, "page", per_file=True)


def test_the_recipes_name_options_hooks_and_inputs_that_exist() -> None:
    for words in re.findall(r"leanpix optimize ([^\n\"`]*)", RECIPES):
        options = [word for word in words.split() if word.startswith("-")]
        known = {name for action in make_parser()._actions for name in action.option_strings}
        assert set(options) <= known, words
    hooks = {each["id"] for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    action = yaml.safe_load((ROOT / "action" / "action.yml").read_text())
    parsed = [yaml.safe_load(block) for block in blocks(RECIPES, "yaml")]
    used = {hook["id"] for repo in parsed[0]["repos"] for hook in repo["hooks"]}
    assert used <= hooks
    given = parsed[1]["jobs"]["images"]["steps"][1]["with"]
    assert set(given) <= set(action["inputs"])


def test_the_hooks_run_the_command() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text()):
        words = hook["entry"].split()
        assert words[:2] == ["leanpix", "optimize"]
        make_parser().parse_args([*words[2:], "a.png", "b.jpg"])
        assert hook["language"] == "python"
