"""Write a benchmark's figures into the pages and the model that quote them."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SIZING_PAGE: Final = ROOT / "docs" / "sizing.md"
COST_PAGE: Final = ROOT / "docs" / "cost.md"
COST_MODEL: Final = ROOT / "leanpix_cli" / "cost_model.py"
HEAD: Final = (
    "image",
    "memory MB",
    "CPU share",
    "seconds/MP",
    "wall/MP here",
    "GB-s/MP",
    "peak MB",
)
Figure = Mapping[str, float | str | None]


def to_cells(figure: Figure) -> Sequence[object]:
    """Return a figure as a row of the table."""
    kind, level, *values = figure.values()
    return f"{kind} {level}", *("-" if value is None else value for value in values)


def write_pages(figures: Sequence[Figure], *, megapixels: float) -> None:
    """Write the table, the cost model's seconds, and the costs that follow from them."""
    load = os.getloadavg()[0]
    caption = (
        f"Measured on {time.strftime('%Y-%m-%d', time.gmtime())} with images of {megapixels:g} MP:"
        f" {os.cpu_count()} CPUs ({platform.machine()}), Python {platform.python_version()},"
        f" load average {load:.1f}.\n\n"
    )
    write_table(SIZING_PAGE, "sizing", caption + render_table(HEAD, map(to_cells, figures)))
    text = COST_MODEL.read_text(encoding="utf-8")
    COST_MODEL.write_text(replace_seconds(text, seconds_on_one_cpu(figures)), encoding="utf-8")
    # In a process of its own, which reads the model anew.
    program = "from leanpix_cli.cost import render_table; print(render_table(), end='')"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    write_table(COST_PAGE, "costs", done.stdout)


def seconds_on_one_cpu(figures: Iterable[Figure]) -> dict[tuple[str, str], float]:
    """Return the least seconds per megapixel with a whole CPU, by format and level."""
    least: dict[tuple[str, str], float] = {}
    for figure in figures:
        seconds = figure["seconds_per_megapixel"]
        if figure["share"] == 1 and isinstance(seconds, float | int):
            case = (str(figure["format"]), str(figure["level"]))
            least[case] = min(float(seconds), least.get(case, float("inf")))
    return least


def replace_seconds(text: str, seconds: Mapping[tuple[str, str], float]) -> str:
    """Return the cost model's source with these seconds per megapixel; others stay."""
    for (kind, level), value in seconds.items():
        entry = f'("{kind}", "{level}"): '
        text, times = re.subn(rf"{re.escape(entry)}[0-9.]+,", f"{entry}{value:g},", text)
        if times != 1:
            message = f"{COST_MODEL.name} has no entry for {kind} {level}"
            raise LookupError(message)
    return text


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers."""
    lines = [render_row(head), "|---|" + "---:|" * (len(head) - 1), *map(render_row, rows)]
    return "\n".join(lines) + "\n"


def write_table(page: Path, name: str, table: str) -> None:
    """Put the table in place of the one between `<!-- name -->` and `<!-- /name -->`."""
    text = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found_begin and found_end):
        message = f"{page.name} has no markers for the table {name}"
        raise LookupError(message)
    page.write_text(f"{before}{begin}\n{table}\n{end}{after}", encoding="utf-8")


def render_row(cells: Sequence[object]) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(map(str, cells))} |"
