"""Test that `leanpix optimize` loses nothing on links, locks, odd names and full disks."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Leanpix


def test_a_symbolic_link_stays_one_and_its_file_is_optimized(
    leanpix: Leanpix, folder: Path
) -> None:
    link = Path("link.jpg")
    link.symlink_to(folder / "photo.jpg")
    before = (folder / "photo.jpg").stat().st_size
    assert leanpix("optimize", "-i", link).code == 0
    assert link.is_symlink()
    assert (folder / "photo.jpg").stat().st_size < before


def test_a_link_and_its_file_are_one(leanpix: Leanpix, folder: Path) -> None:
    link = Path("link.jpg")
    link.symlink_to(folder / "photo.jpg")
    assert leanpix("optimize", link, folder / "photo.jpg", "--json").summary()["files"] == 1


def test_a_broken_link_is_one_failure(leanpix: Leanpix, folder: Path) -> None:
    Path("link.jpg").symlink_to("nowhere.jpg")
    done = leanpix("optimize", "-i", "link.jpg", folder)
    assert done.code == 2
    assert "No such file" in done.out
    assert "2 smaller" in done.out


def test_hard_links_stay_together(leanpix: Leanpix, folder: Path) -> None:
    other = Path("other.jpg")
    other.hardlink_to(folder / "photo.jpg")
    before = other.read_bytes()
    done = leanpix("optimize", "-i", folder / "photo.jpg")
    assert "2 names" in done.out
    assert (folder / "photo.jpg").stat().st_ino == other.stat().st_ino
    assert other.read_bytes() == before


def test_a_read_only_file_is_left_alone(leanpix: Leanpix, folder: Path) -> None:
    (folder / "photo.jpg").chmod(0o444)
    before = (folder / "photo.jpg").read_bytes()
    done = leanpix("optimize", "-i", folder)
    assert "skipped: read-only" in done.out
    assert (folder / "photo.jpg").read_bytes() == before


def test_a_name_need_be_no_text(leanpix: Leanpix, folder: Path) -> None:
    odd = Path(os.fsdecode(b"caf\xe9.jpg"))
    odd.write_bytes((folder / "photo.jpg").read_bytes())
    before = odd.stat().st_size
    done = leanpix("optimize", "-i", odd, "--report", "html", "--report-file", "r.html")
    assert done.code == 0
    assert "caf\\xe9.jpg" in done.out
    assert odd.stat().st_size < before
    leanpix("optimize", odd, "--json")


def test_a_full_disk_loses_nothing(folder: Path, tmp_path: Path) -> None:
    """A file may have no more than 1,000 bytes there, as where the disk is full."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-m", "leanpix_cli.main", "optimize", "-i", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LEANPIX_CACHE_DIR": str(tmp_path / "other-cache")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert done.returncode == 2
    assert "File too large" in done.stdout
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_what_a_killed_run_left_is_removed(leanpix: Leanpix, folder: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = folder / f".leanpix-{ended.pid}-0a0b0c0d.tmp"
    left.write_bytes(b"half")
    mine = folder / f".leanpix-{os.getpid()}-0a0b0c0d.tmp"
    mine.write_bytes(b"half")
    leanpix("optimize", "-i", folder)
    assert not left.exists()
    assert mine.exists()


def test_a_damaged_cache_is_begun_anew(leanpix: Leanpix, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "done.sqlite3").write_bytes(b"no database" * 100)
    assert leanpix("optimize", folder).code == 0
    assert all(line["known"] for line in leanpix("optimize", folder, "--json").lines())


def test_a_cache_that_cannot_be_written_costs_time_alone(
    leanpix: Leanpix, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no-folder").write_text("")
    monkeypatch.setenv("LEANPIX_CACHE_DIR", str(tmp_path / "no-folder" / "cache"))
    assert leanpix("optimize", "-i", folder).code == 0
