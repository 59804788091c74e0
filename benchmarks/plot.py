"""Draw lines and points into an SVG: bytes (logarithmic) against SSIMULACRA2."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 720
_HEIGHT: Final = 420
_LEFT: Final = 64
_RIGHT: Final = 190
"""Room for the legend."""
_TOP: Final = 40
_BOTTOM: Final = 48
_COLOURS: Final = (
    "#dc2626",
    "#2563eb",
    "#059669",
    "#d97706",
    "#7c3aed",
    "#0891b2",
    "#be185d",
    "#4d7c0f",
    "#525252",
    "#b45309",
)
_STEPS: Final = (1, 2, 5)
_TICK_STEPS: Final = (1, 2, 5, 10, 20, 50, 100)
_MOST_TICKS: Final = 10
_MARGIN: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The qualities of one codec as (ss2, bytes); a single one is drawn as a point."""

    name: str
    points: tuple[tuple[float, float], ...]
    is_ours: bool = False
    """Drawn thicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One diagram."""

    title: str
    y_name: str
    series: tuple[Series, ...]


def draw(panels: Sequence[Panel]) -> str:
    """Return the SVG with the panels below each other."""
    shown = [panel for panel in panels if any(one.points for one in panel.series)]
    height = max(1, len(shown)) * _HEIGHT
    body = [
        f'<g transform="translate(0 {number * _HEIGHT})">{"".join(_panel(panel))}</g>'
        for number, panel in enumerate(shown)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' font-family="sans-serif" font-size="12">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>\n'
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _panel(panel: Panel) -> Iterator[str]:
    frame = _Frame.around([point for one in panel.series for point in one.points])
    yield f'<text x="{_LEFT}" y="22" font-size="14">{escape(panel.title)}</text>'
    yield from frame.grid(panel.y_name)
    for number, one in enumerate(panel.series):
        if one.points:
            colour = _COLOURS[number % len(_COLOURS)]
            yield from _series(one, frame, colour)
            yield from _legend(one, number, colour)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """The map from ss2 and bytes to places in the picture."""

    x: tuple[float, float]
    y: tuple[float, float]
    """Logarithms."""

    @classmethod
    def around(cls, points: Sequence[tuple[float, float]]) -> _Frame:
        xs = [point[0] for point in points]
        ys = [math.log10(point[1]) for point in points]
        return cls(x=_widened(min(xs), max(xs)), y=_widened(min(ys), max(ys)))

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        across = (point[0] - self.x[0]) / (self.x[1] - self.x[0])
        up = (math.log10(point[1]) - self.y[0]) / (self.y[1] - self.y[0])
        return (
            round(_LEFT + across * (_WIDTH - _LEFT - _RIGHT), 1),
            round(_HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM), 1),
        )

    def grid(self, y_name: str) -> Iterator[str]:
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        for score in _ticks(*self.x):
            x, _ = self.place((score, 10 ** self.y[0]))
            yield _line(x, _TOP, x, bottom)
            yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{score:g}</text>'
        for size in _log_ticks(*self.y):
            _, y = self.place((self.x[0], size))
            yield _line(_LEFT, y, right, y)
            yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{size:g}</text>'
        middle = (_LEFT + right) / 2
        yield f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">ss2</text>'
        turned = f'transform="translate(16 {(_TOP + bottom) / 2}) rotate(-90)"'
        yield f'<text {turned} text-anchor="middle">{escape(y_name)}</text>'


def _series(one: Series, frame: _Frame, colour: str) -> Iterator[str]:
    places = [frame.place(point) for point in sorted(one.points)]
    width = 2.5 if one.is_ours else 1.2
    if len(places) > 1:
        path = " ".join(f"{x},{y}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
    for x, y in places:
        yield f'<circle cx="{x}" cy="{y}" r="{width + 1.2}" fill="{colour}"/>'


def _legend(one: Series, number: int, colour: str) -> Iterator[str]:
    x, y = _WIDTH - _RIGHT + 16, _TOP + 10 + number * 18
    weight = ' font-weight="bold"' if one.is_ours else ""
    yield f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{colour}"/>'
    yield f'<text x="{x + 10}" y="{y}"{weight}>{escape(one.name)}</text>'


def _widened(low: float, high: float) -> tuple[float, float]:
    room = max((high - low) * _MARGIN, 0.02)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    step = next(step for step in _TICK_STEPS if (high - low) / step <= _MOST_TICKS)
    return [
        float(tick) for tick in range(math.ceil(low / step) * step, math.floor(high) + 1, step)
    ]


def _log_ticks(low: float, high: float) -> list[float]:
    exponents = range(math.floor(low), math.ceil(high) + 1)
    ticks = [step * 10.0**exponent for exponent in exponents for step in _STEPS]
    return [tick for tick in ticks if low <= math.log10(tick) <= high]


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#ddd"/>'
