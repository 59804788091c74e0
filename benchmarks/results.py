"""Write RESULTS.md from what the last `make bench` measured.

python -m benchmarks.results
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import records, report
from benchmarks.__main__ import PLOT, RESULTS
from benchmarks.known_misses import KNOWN_MISSES
from benchmarks.records import Record
from benchmarks.rows import Row, lossy_outputs, rows

TARGET: Final = Path(__file__).resolve().parent / "RESULTS.md"

_METHOD: Final = """\
`ss2` is SSIMULACRA2 of what one sees: decoded by libvips (APNG by Pillow), upright, in sRGB, on
white and on dark where transparent (the worse counts), six frames of an animation (their mean).
It is the project's own metric over the whole image, held against PyPI's `ssimulacra2` by
`tests/engine/metric/test_ssimulacra2.py`{judged}.

**At equal ss2** means: each rival encodes the image at a ladder of qualities and once more near
our own output's score; log(bytes) is interpolated there. Images without a lossy output of ours, or
whose score the rival does not reach at any quality, are left out and counted.

**CPU** is user and system seconds of the process that encodes one image, with its children, our
libraries or sharp loaded before; what a fork costs (some 5 ms) is in ours. **Peak RSS** is that
process's. The large photos are one photo of the folder, enlarged, with a camera's noise added, at
quality 92. The engine's clock is set wide, so that a busy machine does not change what it finds;
a busy machine does make CPU seconds more, for all codecs alike, so ratios say more than seconds.
"""


def main() -> int:
    """Write the file."""
    if not RESULTS.exists():
        print("bench: nothing measured yet; run `make bench` first", file=sys.stderr)
        return 2
    about, found = records.read(RESULTS)
    TARGET.write_text("\n".join(_page(about, found)), "utf-8")
    shutil.copyfile(PLOT, TARGET.parent / PLOT.name)
    print(f"bench: wrote {TARGET.parent.name}/{TARGET.name}")
    return 0


def _page(about: dict[str, Any], found: Sequence[Record]) -> Iterator[str]:
    figures = rows(found)
    yield "# What the engine reaches\n"
    yield f"Made by `{about['command']}`, then `python -m benchmarks.results`: {_facts(about)}.\n"
    yield from _table(report.ROWS_HEAD, [report.row_cells(row) for row in figures])
    yield ""
    yield from _missed(figures)
    yield f"![Bytes against ss2, by codec]({PLOT.name})\n"
    yield "## How it is measured\n"
    yield _METHOD.format(judged=_judged(found))
    yield "## Every codec\n"
    yield "Bytes are a share of the original's.\n"
    cells = [report.summary_cells(one) for one in report.summaries(found)]
    yield from _table(report.SUMMARY_HEAD, cells)
    yield ""
    yield from _refused(found)


def _facts(about: dict[str, Any]) -> str:
    versions = about.get("versions") or {}
    sharp = f"sharp {versions['sharp']}" if "sharp" in versions else "without sharp"
    load = about.get("load") or [0]
    return (
        f"{about['images']} files, {about['seconds'] / 60:.0f} minutes, {about['machine']}"
        f" (load {load[0]:g}), Python {about['python']}, {sharp}"
    )


def _missed(figures: Sequence[Row]) -> Iterator[str]:
    missed = [row for row in figures if row.reached is False]
    if not missed:
        return
    yield "## What is missed, and what was tried\n"
    for row in missed:
        yield f"- **{row.what}**: {KNOWN_MISSES.get(row.key, 'not looked into yet.')}"
    yield ""


def _judged(found: Sequence[Record]) -> str:
    both = [
        (one.score, one.pypi_score)
        for one in found
        if one.score is not None and one.pypi_score is not None
    ]
    if not both:
        return ""
    gap = max(abs(ours - theirs) for ours, theirs in both)
    lossy = [one for one in lossy_outputs(found) if one.pypi_score is not None]
    text = f"; in this run both scored {len(both)} outputs, at most {gap:.2f} apart"
    return text if lossy else text + " (none at a level)"


def _refused(found: Sequence[Record]) -> Iterator[str]:
    refused = {one.image: one.refused for one in found if one.refused}
    if refused:
        yield "## Files refused, with the reason\n"
        yield "\n".join(f"- {image}: `{reason}`" for image, reason in sorted(refused.items()))
        yield ""


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _line(head)
    yield _line(["---"] * len(head))
    for line in lines:
        yield _line(line)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
