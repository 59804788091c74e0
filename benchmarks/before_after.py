"""Make the README's before/after picture.

    python -m benchmarks.before_after docs/images/before-after.png

One real photo, optimized at medium and at high; the same part of each, enlarged twice, so that
one can judge what was lost. The photo is the demo's (public domain).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from leanpix_cli.local_setup import find_photo
from leanpix_engine import Level, Options, optimize

PHOTO: Final = "rocket.jpg"
PART: Final = (230, 60, 430, 260)
"""Left, top, right, bottom, in pixels of the photo."""
SCALE: Final = 2
CAPTION_PIXELS: Final = 34
INK: Final = (235, 235, 235)
PAPER: Final = (24, 26, 30)


def make_picture(photo: bytes) -> Image.Image:
    """Return the same part of the photo before and after, side by side, with their sizes."""
    panels = [_panel(photo, f"original  {_kilobytes(photo)}")]
    for level in (Level.MEDIUM, Level.HIGH):
        output = optimize(photo, Options(level=level)).output
        if output is None:
            message = f"{level}: nothing was saved, so there is nothing to show"
            raise SystemExit(message)
        share = 1 - len(output.data) / len(photo)
        caption = f"{level.value}  {_kilobytes(output.data)}  -{share:.0%}  ss2 {output.score:.0f}"
        panels.append(_panel(output.data, caption))
    width, height = panels[0].size
    sheet = Image.new("RGB", (width * len(panels), height), PAPER)
    for number, panel in enumerate(panels):
        sheet.paste(panel, (number * width, 0))
    return sheet


def _panel(data: bytes, caption: str) -> Image.Image:
    part = Image.open(io.BytesIO(data)).convert("RGB").crop(PART)
    part = part.resize((part.width * SCALE, part.height * SCALE), Image.Resampling.LANCZOS)
    panel = Image.new("RGB", (part.width, part.height + CAPTION_PIXELS), PAPER)
    panel.paste(part, (0, 0))
    place = (part.width / 2, part.height + CAPTION_PIXELS / 2)
    draw = ImageDraw.Draw(panel)
    draw.text(place, caption, fill=INK, anchor="mm", font=ImageFont.load_default(17))
    return panel


def _kilobytes(data: bytes) -> str:
    return f"{len(data) / 1000:.1f} kB"


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    out.parent.mkdir(parents=True, exist_ok=True)
    make_picture(find_photo(PHOTO).read_bytes()).save(out, optimize=True)


if __name__ == "__main__":
    main()
