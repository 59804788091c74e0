"""Test `leanpix optimize` on folders: what it writes, what it prints, how it exits."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from .conftest import Leanpix


def sizes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def states(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_without_a_destination_nothing_is_written(leanpix: Leanpix, folder: Path) -> None:
    before = states(folder)
    done = leanpix("optimize", folder)
    assert done.code == 0
    assert "2 could be smaller" in done.out
    assert "Nothing was written" in done.out
    assert states(folder) == before


def test_in_place_makes_files_smaller_and_keeps_their_permissions(
    leanpix: Leanpix, folder: Path
) -> None:
    (folder / "photo.jpg").chmod(0o640)
    before = sizes(folder)
    assert leanpix("optimize", "--in-place", folder).code == 0
    after = sizes(folder)
    assert set(after) == set(before)
    assert after["photo.jpg"] < before["photo.jpg"]
    assert after["page.png"] < before["page.png"]
    assert after["deep/again.jpg"] == before["deep/again.jpg"]
    assert (folder / "photo.jpg").stat().st_mode & 0o777 == 0o640


def test_recursive_enters_folders(leanpix: Leanpix, folder: Path) -> None:
    assert leanpix("optimize", "-r", "--json", folder).summary()["files"] == 3


def test_a_second_run_touches_nothing_with_the_cache_and_without(
    leanpix: Leanpix, folder: Path
) -> None:
    leanpix("optimize", "-r", "-i", folder)
    before = states(folder)
    second = leanpix("optimize", "-r", "-i", "--json", folder)
    assert all(line["known"] for line in second.lines())
    third = leanpix("optimize", "-r", "-i", "--json", "--no-cache", folder)
    assert not any(line["known"] for line in third.lines())
    assert third.summary()["kept"] == 3
    assert states(folder) == before


def test_check_finds_what_could_be_smaller_and_then_nothing(
    leanpix: Leanpix, folder: Path
) -> None:
    found = leanpix("optimize", "--check", "-r", folder)
    assert found.code == 1
    assert "photo.jpg" in found.out
    leanpix("optimize", "-r", "-i", folder)
    assert leanpix("optimize", "--check", "-r", folder).code == 0


def test_out_mirrors_the_tree(leanpix: Leanpix, folder: Path) -> None:
    before = states(folder)
    assert leanpix("optimize", "-r", folder, "--out", "smaller").code == 0
    assert set(sizes(Path("smaller"))) == {"photo.jpg", "page.png", "deep/again.jpg"}
    assert states(folder) == before


def test_out_has_a_copy_of_what_gets_no_smaller(leanpix: Leanpix, folder: Path) -> None:
    leanpix("optimize", "-i", folder)
    leanpix("optimize", folder, "--out", "smaller")
    for name in ("photo.jpg", "page.png"):
        assert (Path("smaller") / name).read_bytes() == (folder / name).read_bytes()


def test_out_is_written_again_where_it_was_removed(leanpix: Leanpix, folder: Path) -> None:
    leanpix("optimize", folder, "--out", "smaller")
    first = states(Path("smaller"))
    (Path("smaller") / "photo.jpg").unlink()
    leanpix("optimize", folder, "--out", "smaller")
    again = states(Path("smaller"))
    assert {path: data for path, (data, _) in again.items()} == {
        path: data for path, (data, _) in first.items()
    }


def test_suffix_writes_beside(leanpix: Leanpix, folder: Path) -> None:
    leanpix("optimize", folder, "--suffix", ".min")
    assert {"photo.min.jpg", "page.min.png", "photo.jpg", "page.png"} <= set(sizes(folder))


def test_a_backup_is_the_first_original(leanpix: Leanpix, folder: Path) -> None:
    original = (folder / "photo.jpg").read_bytes()
    leanpix("optimize", folder, "-i", "--backup", "before", "--level", "lossless")
    leanpix("optimize", folder, "-i", "--backup", "before", "--level", "high")
    assert (Path("before") / "photo.jpg").read_bytes() == original


def test_keep_mtime_keeps_it(leanpix: Leanpix, folder: Path) -> None:
    os.utime(folder / "photo.jpg", (1_000_000, 1_000_000))
    leanpix("optimize", folder, "-i", "--keep-mtime")
    assert (folder / "photo.jpg").stat().st_mtime == 1_000_000


def test_a_conversion_is_named_for_what_it_is_and_leaves_the_original(
    leanpix: Leanpix, folder: Path
) -> None:
    before = (folder / "page.png").read_bytes()
    leanpix("optimize", folder / "page.png", "-i", "--format", "webp")
    assert (folder / "page.webp").read_bytes()[8:12] == b"WEBP"
    assert (folder / "page.png").read_bytes() == before


def test_two_files_never_become_one(leanpix: Leanpix, folder: Path) -> None:
    other = Path("other")
    other.mkdir()
    with Image.open(folder / "photo.jpg") as picture:
        picture.rotate(180).save(other / "photo.jpg", quality=95)
    done = leanpix("optimize", folder, other, "--out", "o", "--json", "-j", "1")
    (skipped,) = (line for line in done.lines() if line["status"] == "skipped")
    assert skipped["file"] == "other/photo.jpg"
    assert "already the result of pictures/photo.jpg" in skipped["reason"]


def test_a_rendition_stands_beside(leanpix: Leanpix, folder: Path) -> None:
    leanpix("optimize", folder / "page.png", "-i", "--also", "webp")
    assert (folder / "page.png.webp").read_bytes()[8:12] == b"WEBP"


def test_one_bad_file_does_not_stop_the_rest(leanpix: Leanpix, folder: Path) -> None:
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "empty.png").touch()
    done = leanpix("optimize", "-i", folder)
    assert done.code == 2
    assert "2 smaller" in done.out
    assert "the file is empty" in done.out
    assert (folder / "bad.jpg").read_bytes() == b"\xff\xd8\xff\xe0 no picture"


def test_min_saving_leaves_small_gains(leanpix: Leanpix, folder: Path) -> None:
    page = folder / "page.png"
    assert leanpix("optimize", page, "--min-saving", "1MB", "--json").summary()["smaller"] == 0
    assert leanpix("optimize", page, "--min-saving", "1%", "--json").summary()["smaller"] == 1


def test_patterns_choose(leanpix: Leanpix, folder: Path) -> None:
    done = leanpix("optimize", "-r", folder, "--include", "*.jpg", "--exclude", "deep/", "--json")
    assert [line["file"] for line in done.lines()] == ["pictures/photo.jpg"]


def test_gitignore_is_respected_and_can_be_ignored(leanpix: Leanpix, folder: Path) -> None:
    Path(".gitignore").write_text("*.png\n!keep.png\n/pictures/deep/\n")
    done = leanpix("optimize", "-r", folder, "--json")
    assert [line["file"] for line in done.lines()] == ["pictures/photo.jpg"]
    done = leanpix("optimize", "-r", folder, "--json", "--no-gitignore")
    assert done.summary()["files"] == 3


def test_patterns_that_the_shell_left_alone_are_expanded(leanpix: Leanpix, folder: Path) -> None:
    done = leanpix("optimize", f"{folder}/**/*.jpg", "--json")
    assert done.summary()["files"] == 2


def test_stdin_becomes_stdout(
    leanpix: Leanpix, small_png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(small_png)))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=written))
    assert leanpix("optimize", "-").code == 0
    assert len(written.getvalue()) < len(small_png)
    with Image.open(io.BytesIO(written.getvalue())) as picture:
        assert picture.size == (120, 90)


def test_in_and_out_print_the_engines_line(leanpix: Leanpix, folder: Path) -> None:
    done = leanpix("optimize", folder / "photo.jpg", "new.jpg", "--level", "high")
    assert json.loads(done.out)["optimized_size"] == Path("new.jpg").stat().st_size


def test_a_second_file_that_exists_is_no_output(leanpix: Leanpix, folder: Path) -> None:
    """A shell's pattern with two matches must not overwrite the second by the first."""
    before = states(folder)
    leanpix("optimize", folder / "photo.jpg", folder / "page.png")
    assert states(folder) == before


def test_output_overwrites_what_it_names(leanpix: Leanpix, folder: Path) -> None:
    target = folder / "deep" / "again.jpg"
    before = target.stat().st_size
    leanpix("optimize", folder / "photo.jpg", "-o", target, "--level", "high")
    assert target.stat().st_size < before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["optimize"], "name files or folders"),
        (["optimize", "nowhere"], "nowhere: no such file or folder"),
        (["optimize", "x", "--in-place", "--check"], "exclude one another"),
        (["optimize", "x", "--backup", "b"], "--backup needs --in-place"),
        (["optimize", "x", "--min-saving", "lots"], "expected a size"),
        (["optimize", "x", "--also", "webb"], "'webp' is near"),
        (["optimize", "x", "--remote", "http://x"], "LEANPIX_API_KEY"),
        (["optimise"], "no command"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_2(
    leanpix: Leanpix, words: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEANPIX_API_KEY", raising=False)
    Path("x").mkdir()
    done = leanpix(*words)
    assert done.code == 2
    assert says in done.err


def test_quiet_prints_failures_alone(leanpix: Leanpix, folder: Path) -> None:
    assert leanpix("optimize", "-q", folder).out == ""
    (folder / "empty.png").touch()
    done = leanpix("optimize", "-q", folder)
    assert done.out == ""
    assert "empty.png: the file is empty" in done.err


def test_colours_are_for_terminals(
    leanpix: Leanpix, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[" not in leanpix("optimize", folder).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in leanpix("optimize", folder).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in leanpix("optimize", folder).out


def test_a_report_for_a_pull_request_is_a_table(leanpix: Leanpix, folder: Path) -> None:
    out = leanpix("optimize", folder, "--report", "markdown").out
    assert out.startswith("| file | before | after | saved |")
    assert "`pictures/photo.jpg`" in out


def test_a_report_for_eyes_carries_both_pictures(leanpix: Leanpix, folder: Path) -> None:
    leanpix("optimize", folder)
    leanpix("optimize", folder, "--report", "html", "--report-file", "r.html")
    page = Path("r.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    assert page.count('type="range"') == 2
    assert "http" not in page.replace("http-equiv", "")
