"""Test `python -m leanpix_engine IN OUT` as scripts use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leanpix_engine.__main__ import main

from .conftest import opened, photo, saved


@pytest.fixture
def source(tmp_path: Path, photo_jpeg: bytes) -> Path:
    """Return the path of a photo in a folder."""
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo_jpeg)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, object]:
    """Run the command and return its one line of JSON."""
    assert main([str(argument) for argument in arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    report = json.loads(lines[0])
    assert isinstance(report, dict)
    return report


def test_it_writes_a_smaller_file_and_reports_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(capsys, source, tmp_path / "out.jpg", "--level", "high", "--assume-pristine")
    assert (tmp_path / "out.jpg").stat().st_size == report["optimized_size"]
    assert report["original_size"] == source.stat().st_size
    assert report["type"] == "image/jpeg"
    assert isinstance(report["score"], float)
    assert 60 < report["score"] < 75
    assert report["seconds"]


def test_no_savings_writes_the_original(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, source, tmp_path / "once.jpg", "--level", "lossless")
    report = run(capsys, tmp_path / "once.jpg", tmp_path / "twice.jpg", "--level", "lossless")
    assert report["reason"] == "already_optimized"
    assert (tmp_path / "once.jpg").read_bytes() == (tmp_path / "twice.jpg").read_bytes()


def test_webp_is_written_beside_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(saved(photo(), "PNG"))
    report = run(
        capsys,
        source,
        tmp_path / "out.jpg",
        *("--webp", "--max-width", 100, "--level", "lossless"),
    )
    beside = (tmp_path / "out.jpg.webp").read_bytes()
    assert len(beside) == report["webp_size"]
    assert opened(beside).size == (100, 75)


@pytest.mark.parametrize("content", [b"", b"not an image", saved(photo())[:2000]])
def test_bad_input_is_one_line_and_exit_code_2(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad").write_bytes(content)
    assert main([str(tmp_path / "bad"), str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_quality_out_of_range_is_exit_code_2(source: Path, tmp_path: Path) -> None:
    assert main([str(source), str(tmp_path / "out"), "--quality", "0"]) == 2


def test_a_conversion_that_saves_nothing_writes_no_file(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (source, tmp_path / "out.avif", "--format", "avif", "--level", "lossless")
    report = run(capsys, *arguments)
    assert report["reason"] == "no_lossless_form"
    assert not (tmp_path / "out.avif").exists()


def test_the_name_of_the_output_says_its_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(saved(photo(), "PNG"))
    report = run(capsys, source, tmp_path / "x.webp")
    assert report["format"] == "webp"
    assert (tmp_path / "x.webp").read_bytes()[8:12] == b"WEBP"


def test_it_takes_all_that_the_library_does(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = run(
        capsys,
        *(source, tmp_path / "out.png", "--smallest-of", "png,webp", "--also", "jpg,avif"),
        *("--cover", "64x48", "--background", "#ffffff", "--keep", "copyright,icc"),
        *("--max-bytes", "20000", "--always-convert"),
    )
    also = report["also"]
    assert isinstance(also, dict)
    assert report["format"] in ("png", "webp")
    assert (report["width"], report["height"]) == (64, 48)
    for name, size in also.items():
        assert (tmp_path / f"out.png.{name}").stat().st_size == size
    assert set(also) == {"jpg", "avif"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--background", "reddish"),
        ("--keep", "everything"),
        ("--also", "bmp"),
        ("--cover", "12"),
    ],
)
def test_an_argument_that_makes_no_sense_ends_with_2(
    source: Path, tmp_path: Path, arguments: tuple[str, str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(source), str(tmp_path / "out"), *arguments])
    assert ended.value.code == 2
