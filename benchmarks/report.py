"""Show what was measured: tables in the terminal and in Markdown, and the plot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean, mean, median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks import plan
from benchmarks.corpus import Group
from benchmarks.plot import Panel, Series, draw
from benchmarks.records import LEANPIX, Record, select
from benchmarks.rows import Row

_WHOLE_FROM: Final = 10
"""Numbers from here on are printed without decimals."""
_GROUP_NAMES: Final = {
    Group.PHOTOS.value: "photos",
    Group.BIG_PHOTOS.value: "large photos",
    Group.GRAPHICS.value: "graphics",
    Group.ANIMATIONS.value: "animations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One codec over one group of images."""

    group: str
    codec: str
    format: str
    images: int
    share: float
    """Median of bytes by the source's."""
    total: float
    score: float | None
    """Median ss2, and the lowest; None where nothing is lost."""
    lowest: float | None
    seconds_per_megapixel: float
    peak_megabytes: float


SUMMARY_HEAD: Final = (
    "images",
    "codec",
    "to",
    "n",
    "bytes, median",
    "total",
    "ss2, median",
    "lowest",
    "CPU s/MP",
    "peak MB",
)
ROWS_HEAD: Final = ("what", "wanted", "reached", "n", "")


def summaries(records: Sequence[Record]) -> list[Summary]:
    """Return every codec over every group it was used on, at each setting but the ladders'."""
    found: dict[tuple[str, str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.group in _GROUP_NAMES and record.done and not record.is_rung:
            if record.codec == LEANPIX and record.setting.startswith("q"):
                continue
            kinds = (record.group, record.source_format or "", record.format)
            found[(*kinds, f"{record.codec} {record.setting}")].append(record)
    order = {group: number for number, group in enumerate(_GROUP_NAMES)}
    keys = sorted(found, key=lambda key: (order[key[0]], *key[1:]))
    return [_summary(key, found[key]) for key in keys]


def summary_cells(one: Summary) -> tuple[str, ...]:
    """Return a line of the table of codecs."""
    return (
        one.group,
        one.codec,
        one.format,
        str(one.images),
        f"{one.share:.3f}",
        f"{one.total:.3f}",
        "lossless" if one.score is None else f"{one.score:.1f}",
        "" if one.lowest is None else f"{one.lowest:.1f}",
        f"{one.seconds_per_megapixel:.3f}",
        f"{one.peak_megabytes:.0f}",
    )


def row_cells(row: Row) -> tuple[str, ...]:
    """Return a line of the table of figures."""
    sign = ("≥" if row.at_least else "≤") + " "
    reached = {True: "", False: "MISSED", None: "no image"}[row.reached]
    value = "-" if row.value is None else _number(row.value)
    return (
        row.what,
        sign + _number(row.bound),
        f"{value} {reached}".strip(),
        str(row.images),
        row.detail,
    )


def show(console: Console, rows: Sequence[Row], codecs: Sequence[Summary]) -> None:
    """Print both tables."""
    table = Table(*SUMMARY_HEAD, title="Every codec; bytes as a share of the original")
    for one in codecs:
        table.add_row(*summary_cells(one), style="bold" if one.codec.startswith(LEANPIX) else "")
    console.print(table)
    figures = Table(*ROWS_HEAD, title="What has to be shown")
    for row in rows:
        figures.add_row(*row_cells(row), style={False: "red", None: "dim"}.get(row.reached, ""))
    console.print(figures)


def picture(records: Sequence[Record]) -> str:
    """Return the plot: bits per pixel of photos, bytes of graphics, against ss2."""
    return draw([_photos_panel(records), _graphics_panel(records)])


def _summary(key: tuple[str, str, str, str], records: Sequence[Record]) -> Summary:
    group, source, target, codec = key
    lossless = all(record.identical for record in records)
    scores = [record.score or 0.0 for record in records]
    total = sum(record.source_bytes for record in records)
    megapixels = sum(record.megapixels for record in records)
    return Summary(
        group=f"{_GROUP_NAMES[group]} ({source})",
        codec=codec.removesuffix(" default"),
        format=target,
        images=len(records),
        share=median(record.bytes / record.source_bytes for record in records),
        total=sum(record.bytes for record in records) / total,
        score=None if lossless else median(scores),
        lowest=None if lossless else min(scores),
        seconds_per_megapixel=sum(record.cpu_seconds for record in records) / megapixels,
        peak_megabytes=max(record.peak_megabytes for record in records),
    )


def _photos_panel(records: Sequence[Record]) -> Panel:
    curves = [
        _curve(select(records, codec=ladder.codec, is_rung=True), ladder.codec)
        for ladder in plan.LADDERS
    ]
    photos = [
        record
        for record in select(records, codec=LEANPIX, group=Group.PHOTOS.value)
        if record.source_format == "jpg" and record.is_lossy
        if record.megapixels <= plan.WHOLE_LADDER_UP_TO_MEGAPIXELS
    ]
    ours = [
        _curve(select(photos, format=kind), f"leanpix {kind}", is_ours=True)
        for kind in ("jpg", "webp", "avif")
    ]
    return Panel(
        title="Photos: means over images", y_name="bits per pixel", series=(*ours, *curves)
    )


def _curve(records: Sequence[Record], name: str, *, is_ours: bool = False) -> Series:
    """Return the means at each setting that all of the images have."""
    some = [
        record
        for record in records
        if record.megapixels <= plan.WHOLE_LADDER_UP_TO_MEGAPIXELS and record.done
    ]
    by_setting = defaultdict(list)
    for record in some:
        by_setting[record.setting].append(record)
    images = len({record.image for record in some})
    points = tuple(
        (
            mean(record.score or 0.0 for record in same),
            geometric_mean([record.bytes * 8 / record.megapixels / 1e6 for record in same]),
        )
        for same in by_setting.values()
        if len(same) == images
    )
    return Series(name=name, points=points, is_ours=is_ours)


def _graphics_panel(records: Sequence[Record]) -> Panel:
    found = defaultdict(list)
    for record in select(records, group=Group.GRAPHICS.value, source_format="png"):
        is_wanted = record.format in ("png", "webp") and not record.identical
        if record.done and is_wanted:
            name = f"{record.codec} {record.setting}".removesuffix(" default")
            is_told = record.format in name
            found[name if is_told else f"{name} {record.format}"].append(record)
    series = tuple(
        Series(
            name=name,
            points=(
                (
                    mean(record.score or 0.0 for record in some),
                    geometric_mean([record.bytes / record.source_bytes for record in some]),
                ),
            ),
            is_ours=name.startswith(LEANPIX),
        )
        for name, some in sorted(found.items())
    )
    return Panel(
        title="Graphics: means over images", y_name="bytes, of the original", series=series
    )


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) < _WHOLE_FROM else f"{value:.0f}"
