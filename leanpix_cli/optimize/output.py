"""Show a run: a line while it goes on, a table and a summary at its end, JSON for programs.

No library: importing one would take longer than a small image.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final, TextIO

from leanpix_cli.optimize.outcome import Outcome, Status, Summary

ROWS: Final = 20
"""Files in the table; all with --verbose."""
_BAR: Final = 24
_REDRAW_SECONDS: Final = 0.1
_GREEN, _YELLOW, _RED, _DIM, _BOLD = "32", "33", "31", "2", "1"
_COLOURS: Final = {
    Status.SMALLER: _GREEN,
    Status.KEPT: _DIM,
    Status.SKIPPED: _YELLOW,
    Status.FAILED: _RED,
}


def has_colour(stream: TextIO) -> bool:
    """Return whether a stream is to be coloured (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def to_size(size: int) -> str:
    """Return a number of bytes for people."""
    number = float(size)
    for unit in ("B", "KB", "MB"):
        if abs(number) < 1000:  # noqa: PLR2004 - the unit is a thousand
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.2f} GB"


class Progress:
    """A line at the bottom of a terminal; nothing elsewhere."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._total = total
        self._shown = shown and sys.stderr.isatty() and total > 1
        self._done = self._saved = 0
        self._drawn_at = 0.0

    def add(self, outcome: Outcome) -> None:
        """Count a file."""
        self._done += 1
        self._saved += outcome.saved
        now = time.monotonic()
        if self._shown and now - self._drawn_at >= _REDRAW_SECONDS:
            self._drawn_at = now
            full = _BAR * self._done // self._total
            bar = "█" * full + "·" * (_BAR - full)
            text = f"{bar} {self._done}/{self._total}  {to_size(self._saved)} saved"
            sys.stderr.write(f"\r\x1b[2K{text[: shutil.get_terminal_size().columns - 1]}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


def to_table(outcomes: Sequence[Outcome], *, verbose: bool, colour: bool) -> list[str]:
    """Return the lines of the table: what was saved most first, then what needs a look."""
    smaller = sorted(
        (each for each in outcomes if each.status is Status.SMALLER), key=lambda each: -each.saved
    )
    rest = [
        each
        for each in outcomes
        if each.status in (Status.FAILED, Status.SKIPPED)
        or (verbose and each.status is Status.KEPT)
    ]
    shown = smaller if verbose else smaller[:ROWS]
    rows = [_row(each) for each in (*shown, *rest)]
    if not rows:
        return []
    head = ("file", "before", "after", "saved", "")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    lines = [_style(_align(head, widths), _BOLD, on=colour)]
    for each, row in zip((*shown, *rest), rows, strict=True):
        lines.append(_style(_align(row, widths), _COLOURS[each.status], on=colour))
    if len(smaller) > len(shown):
        more = sum(each.saved for each in smaller[len(shown) :])
        lines.append(f"… {len(smaller) - len(shown)} more files, {to_size(more)}")
    return lines


def to_line(summary: Summary, *, written: bool) -> str:
    """Return the one line that says it all."""
    verb = "smaller" if written else "could be smaller"
    parts = [f"{_count(summary.files)}", f"{summary.smaller} {verb}"]
    if summary.kept:
        parts.append(f"{summary.kept} as small as they get")
    if summary.skipped:
        parts.append(f"{summary.skipped} skipped")
    if summary.failed:
        parts.append(f"{summary.failed} failed")
    sizes = f"{to_size(summary.before)} → {to_size(summary.after)}"
    return f"{', '.join(parts)}: {sizes}, -{summary.percent:.1f} % in {summary.seconds:.1f} s"


def to_json_lines(outcomes: Sequence[Outcome], summary: Summary) -> list[str]:
    """Return a line for each file, and one that sums up."""
    facts = {**asdict(summary), "saved": summary.saved, "percent": round(summary.percent, 2)}
    lines = [json.dumps(each.to_json()) for each in outcomes]
    return [*lines, json.dumps({"summary": facts})]


def _row(outcome: Outcome) -> tuple[str, str, str, str, str]:
    name = outcome.name
    if outcome.status is not Status.SMALLER:
        size = to_size(outcome.before)
        return (name, size, "", "", f"{outcome.status}: {outcome.reason or 'no savings'}")
    share = 100 * outcome.saved / outcome.before
    also = "".join(f"  {kind} {to_size(size)}" for kind, size in outcome.also.items())
    is_moved = outcome.target is not None and outcome.target != name
    note = (f"→ {outcome.target}" if is_moved else "") + also
    return (name, to_size(outcome.before), to_size(outcome.after), f"-{share:.0f} %", note.strip())


def _align(row: tuple[str, ...], widths: list[int]) -> str:
    name, *numbers, note = row
    cells = [name.ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True)]
    return "  ".join([*cells, note]).rstrip()


def _style(text: str, code: str, *, on: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if on else text


def _count(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
