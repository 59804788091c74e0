"""Tables in docs that a benchmark writes, between two markers: one command refreshes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers."""
    lines = [render_row(head), "|---|" + "---:|" * (len(head) - 1), *map(render_row, rows)]
    return "\n".join(lines) + "\n"


def write_table(page: Path, name: str, table: str) -> None:
    """Put the table in place of the one between ``<!-- name -->`` and ``<!-- /name -->``."""
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
