"""Test where the settings of `leanpix optimize` come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leanpix_cli.optimize.settings import parse_saving, parse_size

from .conftest import Leanpix


def test_the_nearest_folder_with_settings_counts(
    leanpix: Leanpix, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pyproject.toml").write_text('[tool.leanpix]\nlevel = "high"\nquality = 70\n')
    Path("inner/deep").mkdir(parents=True)
    Path("inner/.leanpix.toml").write_text('level = "lossless"\n')
    monkeypatch.chdir("inner/deep")
    out = leanpix("config").out.split("\n")
    assert out[0].split()[:2] == ["level", "lossless"]
    assert out[0].endswith("inner/.leanpix.toml")
    assert out[1].split() == ["quality", "-", "default"]


def test_package_json_has_settings(leanpix: Leanpix) -> None:
    Path("package.json").write_text(json.dumps({"name": "site", "leanpix": {"also": ["webp"]}}))
    assert "package.json" in leanpix("config").out


def test_a_file_without_settings_is_passed_over(leanpix: Leanpix) -> None:
    Path("pyproject.toml").write_text("[project]\nname = 'x'\n")
    Path("package.json").write_text(json.dumps({"leanpix": {"level": "high"}}))
    assert "package.json" in leanpix("config").out


def test_overrides_hold_for_their_files(leanpix: Leanpix) -> None:
    Path(".leanpix.toml").write_text(
        '[[overrides]]\nfiles = ["icons/**"]\nlevel = "lossless"\n', encoding="utf-8"
    )
    assert "lossless" in leanpix("config", "icons/a.png").out
    assert "lossless" not in leanpix("config", "photos/a.png").out


def test_the_command_line_wins(leanpix: Leanpix, folder: Path) -> None:
    Path(".leanpix.toml").write_text("[[overrides]]\nfiles = '*'\nmin-saving = '1MB'\n")
    page = folder / "page.png"
    assert leanpix("optimize", page, "--json").summary()["smaller"] == 0
    assert leanpix("optimize", page, "--json", "--min-saving", "1%").summary()["smaller"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("levl = 'high'", "'level' is near"),
        ("level = 'hihg'", "'high' is near"),
        ("jobs = 'many'", "jobs: expected a whole number"),
        ("cache = 1", "cache: expected true or false"),
        ("include = 3", "include: expected a list"),
        ("[[overrides]]\nlevel = 'high'", "files is missing"),
        ("[[overrides]]\nfiles = '*'\njobs = 2", "'jobs' is unknown"),
        ("level =", ".leanpix.toml"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(leanpix: Leanpix, text: str, says: str) -> None:
    Path(".leanpix.toml").write_text(text)
    Path("x").mkdir()
    for words in (["config"], ["optimize", "x"]):
        done = leanpix(*words)
        assert done.code == 2
        assert says in done.err
        assert len(done.err.splitlines()) == 1


def test_exclude_starts_where_it_is_written(
    leanpix: Leanpix, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(".leanpix.toml").write_text('exclude = ["/pictures/deep/", "*.png"]\n')
    monkeypatch.chdir(folder)
    done = leanpix("optimize", "-r", ".", "page.png", "--json")
    assert [line["file"] for line in done.lines()] == ["photo.jpg"]


def test_sizes_and_savings_are_read_as_people_write_them() -> None:
    assert parse_size("200KB") == 200_000
    assert parse_size("1.5 MiB") == 1_572_864
    assert parse_size(512) == 512
    assert parse_saving("5%").share_of(1000) == 0.05
    assert parse_saving("5KB").share_of(100_000) == 0.05
    assert parse_saving("0").share_of(100) == 0
