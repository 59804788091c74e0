"""Test the table of figures, which is made from records alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import plan, records, report
from benchmarks.records import LEANPIX, Record
from benchmarks.rows import Row, rows

PHOTO = Record(
    image="photos/a.jpg",
    group="photos",
    source_format="jpg",
    megapixels=0.5,
    source_bytes=10_000,
    codec=LEANPIX,
    setting="medium",
    format="jpg",
    bytes=4_000,
    score=77.5,
    cpu_seconds=0.1,
)
SHARP = replace(PHOTO, codec=plan.SHARP_JPEG, setting="default", bytes=6_000, cpu_seconds=0.02)
RUNGS = [
    replace(SHARP, setting="q75", bytes=5_000, score=77.5, is_rung=True),
    replace(SHARP, setting="q85", bytes=7_000, score=82.0, is_rung=True),
]
LOSSLESS = replace(PHOTO, setting="lossless", bytes=9_000, score=100.0, identical=True)
ALL = [PHOTO, SHARP, *RUNGS, LOSSLESS]


def row(key: str, found: list[Record]) -> Row:
    return next(one for one in rows(found) if one.key == key)


def test_bytes_at_equal_score_are_a_ratio_of_each_image() -> None:
    assert row("jpeg-sharp", ALL).value == pytest.approx(0.8)
    assert row("jpeg-sharp", ALL).reached is True


def test_a_row_without_images_is_neither_reached_nor_missed() -> None:
    assert row("png-medium", ALL).reached is None


def test_lossless_outputs_are_not_counted_for_the_floor() -> None:
    assert row("floor-share", ALL).images == 1


def test_the_floor_counts_from_the_target_of_the_level() -> None:
    below = replace(PHOTO, image="photos/b.jpg", setting="high", score=62.0)
    found = [*ALL, below]
    assert row("floor-share", found).value == pytest.approx(0.5)
    assert row("floor-worst", found).value == pytest.approx(-3)
    assert row("floor-worst", found).reached is False


def test_cpu_is_seconds_by_megapixels_and_a_ratio() -> None:
    assert row("cpu-jpeg", ALL).value == pytest.approx(0.2)
    assert "5.0 times" in row("cpu-jpeg", ALL).detail


def test_what_must_never_be_is_named() -> None:
    broken = replace(PHOTO, problem="larger than the source")
    assert row("never", [broken]).reached is False
    assert "photos/a.jpg" in row("never", [broken]).detail


def test_records_come_back_from_their_file(tmp_path: Path) -> None:
    records.write(tmp_path / "results.json", {"command": "make bench"}, ALL)
    assert records.read(tmp_path / "results.json") == ({"command": "make bench"}, ALL)


def test_the_summary_has_a_line_for_each_codec_and_none_for_ladders() -> None:
    codecs = [one.codec for one in report.summaries(ALL)]
    assert codecs == ["leanpix lossless", "leanpix medium", "sharp jpeg"]


def test_the_plot_is_an_svg_that_names_each_codec() -> None:
    drawn = report.picture(ALL)
    assert drawn.startswith("<svg ")
    assert "leanpix jpg" in drawn
    assert plan.SHARP_JPEG in drawn
