"""Draw a sheet of exact covers to look at: centre, libvips' attention, and ours.

    python -m benchmarks.cover_sheet SHEET [FOLDER...]

Each photo stands once whole, then cut to a square and to 16:9 by each of the three. Without
folders the photos are scikit-image's own, which come with its wheel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import skimage.data
import typer
from PIL import Image

from leanpix_engine.model import Crop, CropMethod, Options
from leanpix_engine.picture.crop import cut
from leanpix_engine.picture.geometry import geometry_of
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.resize import resize

_SIZES: Final = ((120, 120), (160, 90))
_ROW, _WHOLE = 120, 180
_COLUMNS: Final = 2
_OWN: Final = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina")
_PHOTOS: Final = (".jpg", ".jpeg", ".png", ".webp")


def photos(folders: list[Path]) -> list[Image.Image]:
    """Return the photos of folders, or scikit-image's."""
    if not folders:
        names: list[Any] = [getattr(skimage.data, name) for name in _OWN]
        return [Image.fromarray(load()).convert("RGB") for load in names]
    paths = [path for folder in folders for path in sorted(folder.iterdir())]
    return [Image.open(path).convert("RGB") for path in paths if path.suffix in _PHOTOS]


def covers(image: Image.Image, size: tuple[int, int]) -> list[Image.Image]:
    """Return a photo cut to a size around its centre, by libvips' attention, and by us."""
    crop = Crop(method=CropMethod.COVER, width=size[0], height=size[1])
    geometry = geometry_of(*image.size, Options(crop=crop))
    picture = Picture(frames=np.asarray(image)[np.newaxis], mode=Mode.RGB)
    scaled = resize(picture, *geometry.scaled)
    vips = scaled.to_vips()
    ours = cut(scaled, geometry.size).pixels
    by_vips = (vips.smartcrop(*geometry.size, interesting=how) for how in ("centre", "attention"))
    return [*(Image.fromarray(done.numpy()) for done in by_vips), Image.fromarray(ours)]


def row_of(image: Image.Image) -> Image.Image:
    """Return a photo and its covers side by side."""
    whole = image.copy()
    whole.thumbnail((_WHOLE, _ROW))
    pieces = [whole, *(one for size in _SIZES for one in covers(image, size))]
    row = Image.new("RGB", (_WHOLE + 3 * sum(4 + size[0] for size in _SIZES), _ROW + 6), "white")
    at = 0
    for number, piece in enumerate(pieces):
        row.paste(piece, (at, 0))
        at += (_WHOLE if number == 0 else piece.width) + 4
    return row


def main(
    sheet: Path,
    folders: Annotated[list[Path] | None, typer.Argument(file_okay=False, exists=True)] = None,
) -> None:
    """Draw the sheet."""
    rows = [row_of(image) for image in photos(folders or [])]
    lines = -(-len(rows) // _COLUMNS)
    whole = Image.new("RGB", (_COLUMNS * (rows[0].width + 12), lines * rows[0].height), "white")
    for number, row in enumerate(rows):
        whole.paste(row, (number % _COLUMNS * (row.width + 12), number // _COLUMNS * row.height))
    whole.save(sheet, quality=88)


if __name__ == "__main__":
    typer.run(main)
