"""Test the plot that the benchmarks draw."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from benchmarks.plot import Panel, Series, draw

SVG = "{http://www.w3.org/2000/svg}"
PANEL = Panel(
    title="Photos <all>",
    y_name="bits per pixel",
    series=(
        Series(name="line", points=((60.0, 0.5), (70.0, 1.0), (80.0, 2.0)), is_ours=True),
        Series(name="point", points=((75.0, 0.9),)),
        Series(name="nothing", points=()),
    ),
)


def test_lines_fall_and_rise_as_the_numbers_do() -> None:
    root = ET.fromstring(draw([PANEL]))  # noqa: S314 - our own
    line = root.find(f".//{SVG}polyline")
    assert line is not None
    places = [tuple(map(float, place.split(","))) for place in line.attrib["points"].split()]
    assert places == sorted(places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    equal_steps = places[0][1] - places[1][1], places[1][1] - places[2][1]
    assert abs(equal_steps[0] - equal_steps[1]) < 0.3


def test_a_codec_without_points_is_not_named() -> None:
    assert "nothing" not in draw([PANEL])


def test_a_panel_without_points_is_left_out() -> None:
    empty = Panel(title="empty", y_name="", series=())
    assert "empty" not in draw([PANEL, empty])
