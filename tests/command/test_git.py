"""Test which files `--staged` and `--changed-since` take."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import Leanpix


def git(*words: str) -> None:
    identity = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    subprocess.run(["git", *identity, *words], check=True, capture_output=True)


@pytest.fixture
def repository(folder: Path) -> Path:
    """Return the folder in a repository whose first commit is the photo."""
    git("init", "-b", "main")
    git("add", str(folder / "photo.jpg"))
    git("commit", "-m", "first")
    return folder


def test_staged_takes_what_is_staged(leanpix: Leanpix, repository: Path) -> None:
    git("add", str(repository / "page.png"), str(repository / "notes.txt"))
    done = leanpix("optimize", "--staged", "--check", "--json")
    assert done.code == 1
    assert [line["file"] for line in done.lines()] == ["pictures/page.png"]


def test_staged_inside_a_folder_names_paths_from_there(
    leanpix: Leanpix, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git("add", str(repository / "page.png"))
    monkeypatch.chdir(repository / "deep")
    done = leanpix("optimize", "--staged", "--json")
    assert [line["file"] for line in done.lines()] == ["../page.png"]


def test_nothing_staged_is_fine(leanpix: Leanpix, repository: Path) -> None:
    _ = repository
    assert leanpix("optimize", "--staged", "--check").code == 0


def test_changed_since_takes_what_a_branch_brought(leanpix: Leanpix, repository: Path) -> None:
    git("checkout", "-b", "topic")
    git("add", str(repository / "deep"))
    git("commit", "-m", "second")
    done = leanpix("optimize", "--changed-since", "main", "--json", ".")
    assert [line["file"] for line in done.lines()] == ["pictures/deep/again.jpg"]


def test_an_unknown_reference_is_exit_2(leanpix: Leanpix, repository: Path) -> None:
    _ = repository
    done = leanpix("optimize", "--changed-since", "nowhere")
    assert done.code == 2
    assert "git:" in done.err


def test_outside_of_a_repository_it_is_exit_2(leanpix: Leanpix) -> None:
    assert leanpix("optimize", "--staged").code == 2
