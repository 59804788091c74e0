"""Draw a sheet of resized pictures to look at: ours, Pillow's, and Lanczos in linear light.

    python -m benchmarks.resize_sheet SHEET [PHOTO...]

Each row is one picture brought to a small size and enlarged again without smoothing. Test pictures
come first: fine lines, light on dark and dark on light, and a zone plate. sharp resizes as we do,
by libvips' Lanczos 3 on the stored values, and so has no column of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from PIL import Image, ImageDraw

from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.resize import resize

_WIDTH, _ZOOM, _SOURCE = 96, 3, 480


def by_us(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture resized by the engine."""
    picture = Picture(frames=np.asarray(image)[np.newaxis], mode=Mode.RGB)
    return Image.fromarray(resize(picture, *size).pixels)


def by_pillow(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture resized by Pillow's Lanczos."""
    return image.resize(size, Image.Resampling.LANCZOS)


def in_linear_light(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return a picture resized by Lanczos 3 on amounts of light (IEC 61966-2-1)."""
    stored = np.arange(256) / 255
    light = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB's own numbers
    picture = Picture(
        frames=np.rint(light * 65_535).astype(np.uint16)[np.asarray(image)][np.newaxis],
        mode=Mode.RGB,
    )
    done = resize(picture, *size).pixels / 65_535
    back = np.where(done <= 0.0031308, done * 12.92, 1.055 * done ** (1 / 2.4) - 0.055)  # noqa: PLR2004 - the same
    return Image.fromarray(np.rint(back * 255).clip(0, 255).astype(np.uint8))


def lines(ink: int, paper: int) -> Image.Image:
    """Return fine lines that fan out."""
    image = Image.new("RGB", (_SOURCE, _SOURCE // 2), (paper,) * 3)
    draw = ImageDraw.Draw(image)
    for end in range(0, _SOURCE, 24):
        draw.line((_SOURCE // 2, 8, end, _SOURCE // 2 - 8), fill=(ink,) * 3, width=2)
    return image


def zone_plate() -> Image.Image:
    """Return rings that get finer outwards."""
    y, x = np.mgrid[: _SOURCE // 2, :_SOURCE].astype(np.float64)
    radius = (x - _SOURCE / 2) ** 2 + (y - _SOURCE / 4) ** 2
    rings: npt.NDArray[np.uint8] = (127.5 + 127.5 * np.cos(radius / 160)).astype(np.uint8)
    return Image.fromarray(np.repeat(rings[..., None], 3, axis=-1))


def main(
    sheet: Path, photos: Annotated[list[Path] | None, typer.Argument(exists=True)] = None
) -> None:
    """Draw the sheet."""
    images = [lines(235, 20), lines(20, 235), zone_plate()]
    images += [Image.open(path).convert("RGB") for path in photos or []]
    rows = []
    for image in images:
        size = (_WIDTH, round(_WIDTH * image.height / image.width))
        made = [make(image, size) for make in (by_us, by_pillow, in_linear_light)]
        rows.append([one.resize((_ZOOM * size[0], _ZOOM * size[1]), 0) for one in made])
    whole = Image.new(
        "RGB", (3 * (_ZOOM * _WIDTH + 6), sum(row[0].height + 6 for row in rows)), "white"
    )
    top = 0
    for row in rows:
        for column, one in enumerate(row):
            whole.paste(one, (column * (_ZOOM * _WIDTH + 6), top))
        top += row[0].height + 6
    whole.save(sheet, quality=88)


if __name__ == "__main__":
    typer.run(main)
