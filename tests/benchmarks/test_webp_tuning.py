"""Test what the tuning of the WebP encoder reads and turns."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from benchmarks.webp_tuning import HELD_OUT, Knob, knobs, text_of, tuned_on
from leanpix_engine.formats.webp.design import DESIGN


def test_photos_that_results_are_reported_on_are_not_read(tmp_path: Path) -> None:
    for name in (*(f"{held}_q95.jpg" for held in HELD_OUT), "kodim05_q92.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in tuned_on(tmp_path)] == ["kodim05_q92.jpg"]


def test_a_turned_knob_changes_its_number_alone() -> None:
    for knob in knobs():
        turned = knob.turned(DESIGN, -0.3)
        changed = {
            field.name
            for field in fields(DESIGN)
            if getattr(turned, field.name) != getattr(DESIGN, field.name)
        }
        assert changed <= {knob.name}


def test_deltas_stay_within_what_a_header_holds() -> None:
    assert Knob("y1_dc").turned(DESIGN, -3).y1_dc >= -15
    assert Knob("filter_level").turned(DESIGN, -3).filter_level == 0


def test_a_design_is_printed_as_it_stands_in_the_code() -> None:
    assert f"y1_dc={DESIGN.y1_dc:.3g}," in text_of(DESIGN)
