"""Draw a sheet of crops to look at: originals, libwebp as sharp calls it, and our WebP.

    python -m benchmarks.crop_sheet FOLDER SHEET

FOLDER holds the Kodak photos. Each row is a crop at twice its size: a sky, a cloudy sky, skin and
hair, a dark wall, text; first at the score of `medium`, then at that of `high`. Both files have
that score, so what differs beside the look is how many bytes they take, which is printed.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image

from leanpix_engine.formats.webp.encoder import Encoder
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.search.targets import LEVEL_SCORES

Pixels = npt.NDArray[np.uint8]

_CROPS: Final = (
    ("kodim21", 280, 0),
    ("kodim09", 150, 40),
    ("kodim04", 180, 190),
    ("kodim17", 420, 220),
    ("kodim08", 430, 270),
)
"""Beginning of a name, left and top."""
_WIDTH, _HEIGHT, _ZOOM = 180, 110, 2
_SHEET_QUALITY = 93
_METHOD = 4
"""The effort that sharp asks libwebp for."""


def by_libwebp(image: Image.Image, reference: Reference, goal: float) -> tuple[Pixels, int]:
    """Return the pixels and bytes of the lowest quality of libwebp that reaches the goal."""
    low, high = 0, 100
    best = (np.asarray(image), 0)
    while high - low > 1:
        middle = (low + high) // 2
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=middle, method=_METHOD)
        shown = np.asarray(Image.open(buffer).convert("RGB"))
        if reference.score(shown) >= goal:
            high, best = middle, (shown, buffer.tell())
        else:
            low = middle
    return best


def by_us(encoder: Encoder, reference: Reference, goal: float) -> tuple[Pixels, int]:
    """Return the same of our encoder."""
    low, high = 0.0, 100.0
    while high - low > 0.25:  # noqa: PLR2004 - the step of the search
        middle = (low + high) / 2
        reaches = reference.score(encoder.preview(middle)) >= goal
        low, high = (low, middle) if reaches else (middle, high)
    return encoder.preview(high), len(encoder.encode(high))


def row(path: Path, left: int, top: int, goal: float) -> Pixels:
    """Return the crops of one photo side by side, and print what they take."""
    image = Image.open(path).convert("RGB")
    pixels = np.ascontiguousarray(np.asarray(image))
    reference = Reference(pixels)
    theirs, their_bytes = by_libwebp(image, reference, goal)
    ours, our_bytes = by_us(Encoder(pixels), reference, goal)
    typer.echo(f"{path.name} at {goal:.0f}: libwebp {their_bytes}, ours {our_bytes}")
    top = min(top, image.height - _HEIGHT)
    left = min(left, image.width - _WIDTH)
    columns = [
        shown[top : top + _HEIGHT, left : left + _WIDTH] for shown in (pixels, theirs, ours)
    ]
    return np.concatenate(columns, axis=1)


def main(
    folder: Annotated[Path, typer.Argument(help="The Kodak photos, as JPEG or PNG.")],
    sheet: Annotated[Path, typer.Argument(help="The file to write.")],
) -> None:
    """Draw the sheet."""
    rows = [
        row(next(iter(sorted(folder.glob(f"{name}*")))), left, top, goal)
        for goal in LEVEL_SCORES.values()
        for name, left, top in _CROPS
    ]
    image = Image.fromarray(np.concatenate(rows, axis=0))
    size = (image.width * _ZOOM, image.height * _ZOOM)
    image.resize(size, Image.Resampling.NEAREST).save(sheet, quality=_SHEET_QUALITY)


if __name__ == "__main__":
    typer.run(main)
