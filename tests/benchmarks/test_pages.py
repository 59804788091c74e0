"""Test that refreshing the measured figures is one command and touches nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.cold_start import PAGE
from benchmarks.pages import (
    COST_MODEL,
    COST_PAGE,
    SIZING_PAGE,
    render_table,
    replace_seconds,
    seconds_on_one_cpu,
    write_table,
)
from benchmarks.sizing import CASES
from leanpix_cli.cost_model import SECONDS_PER_MEGAPIXEL

if TYPE_CHECKING:
    from pathlib import Path


def figure(share: float, seconds: float | None) -> dict[str, float | str | None]:
    return {
        "format": "jpg",
        "level": "medium",
        "share": share,
        "seconds_per_megapixel": seconds,
    }


def test_a_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- sizes -->\nold\n<!-- /sizes -->\nafter\n")
    for _ in range(2):
        write_table(page, "sizes", render_table(("name", "MB"), [("a", 1)]))
    table = "| name | MB |\n|---|---:|\n| a | 1 |\n"
    assert page.read_text() == f"before\n<!-- sizes -->\n\n{table}\n<!-- /sizes -->\nafter\n"


def test_a_page_without_a_place_for_the_table_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("text\n")
    with pytest.raises(LookupError, match=r"page\.md has no markers for the table sizes"):
        write_table(page, "sizes", "")
    assert page.read_text() == "text\n"


@pytest.mark.parametrize(
    ("page", "name"), [(PAGE, "cold starts"), (SIZING_PAGE, "sizing"), (COST_PAGE, "costs")]
)
def test_the_pages_have_a_place_for_each_table(page: Path, name: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count(f"<!-- {name} -->\n") == text.count(f"<!-- /{name} -->") == 1


def test_seconds_are_those_of_a_whole_cpu_when_least_disturbed() -> None:
    figures = [figure(0.5, 0.1), figure(1.0, 0.9), figure(1.0, 0.7), figure(1.0, None)]
    assert seconds_on_one_cpu(figures) == {("jpg", "medium"): 0.7}


def test_the_cost_model_takes_the_seconds_that_were_measured() -> None:
    text = COST_MODEL.read_text(encoding="utf-8")
    replaced = replace_seconds(text, {("jpg", "medium"): 0.125})
    assert '("jpg", "medium"): 0.125,' in replaced
    assert replaced.count("\n") == text.count("\n")
    with pytest.raises(LookupError, match="bmp"):
        replace_seconds(text, {("bmp", "medium"): 1})


def test_what_is_measured_is_what_the_cost_model_knows() -> None:
    assert set(CASES) == set(SECONDS_PER_MEGAPIXEL)
