"""Write a report of a run: Markdown for a pull request, a page with sliders for eyes."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from typing import Final

from leanpix_cli.optimize.outcome import Outcome, Status, Summary
from leanpix_cli.optimize.output import to_line, to_size
from leanpix_engine.format import Format

_TYPES: Final = {each.value: each.content_type for each in Format}
_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Leanpix report</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;
padding:0 1rem;color:#222}}
table{{border-collapse:collapse;width:100%}}td,th{{padding:.3rem .6rem;text-align:right;
border-bottom:1px solid #ddd}}td:first-child,th:first-child{{text-align:left;word-break:break-all}}
figure{{margin:2rem 0}}.pair{{position:relative;display:inline-block;max-width:100%;--cut:50%}}
.pair img{{display:block;max-width:100%}}.pair img+img{{position:absolute;inset:0;width:100%;
height:100%;clip-path:inset(0 0 0 var(--cut))}}input{{width:100%}}
</style>
<h1>Leanpix report</h1><p>{line}</p>
<table><tr><th>file<th>before<th>after<th>saved<th></tr>
{rows}
</table>
{figures}
<script>
for (const slider of document.querySelectorAll("input"))
  slider.addEventListener("input", () =>
    slider.previousElementSibling.style.setProperty("--cut", slider.value + "%"));
</script>
</html>
"""
_FIGURE: Final = """<figure><figcaption>{name}: {before} before (left), {after} after (right)
</figcaption><div class="pair"><img alt="before" src="{old}"><img alt="after" src="{new}"></div>
<input type="range" min="0" max="100" value="50"
aria-label="before and after of {name}"></figure>"""


def to_markdown(outcomes: Sequence[Outcome], summary: Summary, *, written: bool) -> str:
    """Return a table of what is or could be smaller, and what failed."""
    lines = ["| file | before | after | saved |", "|---|---:|---:|---:|"]
    for each in _by_saving(outcomes):
        name = each.name.replace("|", "\\|").replace("`", "'")
        if each.status is Status.SMALLER:
            share = f"{100 * each.saved / each.before:.0f} %"
            sizes = f"{to_size(each.before)} | {to_size(each.after)}"
            lines.append(f"| `{name}` | {sizes} | {to_size(each.saved)}, {share} |")
        else:
            lines.append(f"| `{name}` | {to_size(each.before)} | {each.status} | {each.reason} |")
    table = "\n".join(lines) + "\n\n" if len(lines) > 2 else ""  # noqa: PLR2004 - the head's lines
    return f"{table}{to_line(summary, written=written)}\n"


def to_page(outcomes: Sequence[Outcome], summary: Summary, *, written: bool) -> str:
    """Return a page that needs nothing else, with a slider over each picture."""
    rows, figures = [], []
    for each in _by_saving(outcomes):
        name = html.escape(each.name)
        is_smaller = each.status is Status.SMALLER
        after = to_size(each.after) if is_smaller else html.escape(each.status)
        saved = to_size(each.saved) if is_smaller else html.escape(each.reason or "")
        share = f"{100 * each.saved / each.before:.0f} %" if is_smaller else ""
        rows.append(
            f"<tr><td>{name}<td>{to_size(each.before)}<td>{after}<td>{saved}<td>{share}</tr>"
        )
        if each.pictures is not None:
            figures.append(_figure(each, name))
    return _PAGE.format(
        line=html.escape(to_line(summary, written=written)),
        rows="\n".join(rows),
        figures="\n".join(figures),
    )


def _figure(outcome: Outcome, name: str) -> str:
    old, new = outcome.pictures or (b"", b"")
    ending = outcome.name.rpartition(".")[2].lower()
    kind = _TYPES.get({"jpeg": "jpg", "jpe": "jpg", "apng": "png"}.get(ending, ending))
    return _FIGURE.format(
        name=name,
        before=to_size(outcome.before),
        after=to_size(outcome.after),
        old=_to_data_url(old, kind or "application/octet-stream"),
        new=_to_data_url(new, _TYPES[outcome.format]),
    )


def _by_saving(outcomes: Sequence[Outcome]) -> list[Outcome]:
    shown = [each for each in outcomes if each.status is not Status.KEPT]
    return sorted(shown, key=lambda each: -each.saved)


def _to_data_url(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
