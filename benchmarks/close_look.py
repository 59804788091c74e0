"""Measure what people see close by, beside sharp, and draw a contact sheet of each set.

    python -m benchmarks.close_look

It writes benchmarks/CLOSE.md and docs/images/close-<set>.webp. Differences of colour are CIEDE2000
of what is seen, on white and on dark, whichever is larger, computed by scikit-image instead of
the engine.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks import judge, rivals_setup
from benchmarks.clients import Sharp
from benchmarks.close_sets import SETS
from leanpix_engine import Format, Options, optimize
from leanpix_engine.formats.sniff import sniff

Pixels = npt.NDArray[np.uint8]

_PAGE: Final = Path(__file__).resolve().parent / "CLOSE.md"
_SHEETS: Final = rivals_setup.ROOT / "docs" / "images"
_WAYS: Final = {
    "icons": ("png", "webp", "avif"),
    "thumbnails": ("jpg", "webp", "avif"),
    "skies": ("jpg", "webp", "avif"),
    "dark": ("jpg", "webp", "avif"),
    "text": ("png", "webp", "avif"),
}
_PEERS: Final[dict[str, dict[str, Any]]] = {
    "png": {"palette": True},
    "jpg": {"quality": 80},
    "webp": {"quality": 80},
    "avif": {"quality": 50},
}
_SHARP_NAMES: Final = {"jpg": "jpeg"}
_MOST_ON_SHEET, _CELL, _GAP = 8, 132, 6
_PAPERS: Final = ((255, 255, 255), (26, 26, 26))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A file beside its original."""

    codec: str
    format: str
    bytes_of_source: float
    tinted: bool
    lost: bool
    """Pixels that were opaque are not."""
    mean: float
    most: float
    """The 95th percentile of CIEDE2000."""
    score: float


def main() -> None:
    """Measure every set and write the page and the sheets."""
    programs = rivals_setup.bring()
    sharp = Sharp(programs.node) if programs.node else None
    lines = ["# Seen close by", _INTRODUCTION]
    for name, make in SETS.items():
        files = list(make())
        looks: list[Look] = []
        rows: list[list[Pixels]] = []
        for _, data in files:
            shown = [judge.look(data).frames[0]]
            for way in _WAYS[name]:
                for codec, made in _made(data, way, sharp):
                    looks.append(_look(codec, way, data, made))
                    if way == _WAYS[name][0]:
                        shown.append(judge.look(made).frames[0])
            rows.append(shown)
        _sheet(rows).save(_SHEETS / f"close-{name}.webp", quality=90, method=6)
        lines += _section(name, len(files), looks)
    if sharp is not None:
        sharp.close()
    _PAGE.write_text("\n".join(lines), "utf-8")


_INTRODUCTION: Final = """
Made by `python -m benchmarks.close_look`: our `medium` beside sharp's palette, or its quality 80
(50 for AVIF). CIEDE2000 is of what is seen, on white and on dark, whichever is larger: the mean of
the median picture and of the worst, and the 90th percentile of the pictures' 95th percentiles.
A file that would not become smaller stays the source.
"""


def _made(data: bytes, way: str, sharp: Sharp | None) -> list[tuple[str, bytes]]:
    """Return our file and the peer's."""
    own = sniff(data).value == way
    result = optimize(data, Options(target_format=None if own else Format(way)))
    files = [("leanpix", result.output.data if result.output else data)]
    if sharp is None:
        return files
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder) / "source", Path(folder) / "out"
        source.write_bytes(data)
        answer = sharp.ask(
            {
                "source": str(source),
                "out": str(out),
                "format": _SHARP_NAMES.get(way, way),
                "options": _PEERS[way],
            }
        )
        if answer.done:
            files.append(("sharp", out.read_bytes()))
    return files


def _look(codec: str, way: str, source: bytes, made: bytes) -> Look:
    before, after = judge.look(source).frames[0], judge.look(made).frames[0]
    clear, opaque = before[..., 3] == 0, before[..., 3] == np.uint8(255)
    lost = [_difference(before, after, paper) for paper in _PAPERS]
    return Look(
        codec=codec,
        format=way,
        bytes_of_source=len(made) / len(source),
        tinted=bool((after[..., 3][clear] > 0).any()),
        lost=bool((after[..., 3][opaque] < np.uint8(255)).any()),
        mean=max(float(part.mean()) for part in lost),
        most=max(float(np.percentile(part, 95)) for part in lost),
        score=judge.Original(source).score(made),
    )


def _difference(before: Pixels, after: Pixels, paper: tuple[int, int, int]) -> Any:
    colour = import_module("skimage.color")
    labs = [colour.rgb2lab(_on(pixels, paper) / 255) for pixels in (before, after)]
    return colour.deltaE_ciede2000(*labs)[(before[..., 3] > 0) | (after[..., 3] > 0)]


def _on(pixels: Pixels, paper: tuple[int, int, int]) -> Pixels:
    share = pixels[..., 3:] / 255
    laid = pixels[..., :3] * share + np.array(paper) * (1 - share)
    return np.asarray(np.rint(laid), np.uint8)


def _section(name: str, count: int, looks: list[Look]) -> list[str]:
    head = f"## {name.capitalize()}: {count} files"
    titles = [
        "to",
        "codec",
        "bytes/source",
        "tinted",
        "opaque lost",
        "mean",
        "worst mean",
        "p90 of p95",
        "ss2",
    ]
    columns = f"| {' | '.join(titles)} |"
    lines = [head, "", columns, "| --- " * 9 + "|"]
    for way in _WAYS[name]:
        for codec in ("leanpix", "sharp"):
            some = [look for look in looks if (look.format, look.codec) == (way, codec)]
            if some:
                lines.append(_row(way, codec, some))
    return [*lines, "", f"![original, leanpix, sharp](../docs/images/close-{name}.webp)", ""]


def _row(way: str, codec: str, some: list[Look]) -> str:
    means = [look.mean for look in some]
    cells = (
        way,
        codec,
        f"{median(look.bytes_of_source for look in some):.2f}",
        str(sum(look.tinted for look in some)),
        str(sum(look.lost for look in some)),
        f"{median(means):.2f}",
        f"{max(means):.2f}",
        f"{np.percentile([look.most for look in some], 90):.2f}",
        f"{median(look.score for look in some):.1f}",
    )
    return f"| {' | '.join(cells)} |"


def _sheet(rows: list[list[Pixels]]) -> Image.Image:
    """Draw some rows, each of the original and what was made of it, on white and on dark."""
    some = rows[:: max(1, len(rows) // _MOST_ON_SHEET)][:_MOST_ON_SHEET]
    opaque = all(bool((row[0][..., 3] == np.uint8(255)).all()) for row in some)
    papers = _PAPERS[: 1 if opaque else None]
    columns = len(papers) * max(len(row) for row in some)
    step = _CELL + _GAP
    sheet = Image.new("RGB", (columns * step + _GAP, len(some) * step + _GAP), (128, 128, 128))
    for line, row in enumerate(some):
        places = [(paper, pixels) for paper in papers for pixels in row]
        for column, (paper, pixels) in enumerate(places):
            sheet.paste(_cell(_on(pixels, paper)), (_GAP + column * step, _GAP + line * step))
    return sheet


def _cell(rgb: Pixels) -> Image.Image:
    """Return the middle of a picture, each pixel at twice its size at least."""
    height, width = rgb.shape[:2]
    times = max(2, _CELL // max(height, width))
    side = _CELL // times
    top, left = (max(0, (length - side) // 2) for length in (height, width))
    image = Image.fromarray(np.ascontiguousarray(rgb[top : top + side, left : left + side]))
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
