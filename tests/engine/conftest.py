"""Pictures and helpers for the engine's tests; everything is made here."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

import leanpix_engine  # noqa: F401 - first: it sets the threads of numpy's BLAS

Maker = Callable[..., bytes]


def photo(width: int = 320, height: int = 240, seed: int = 3) -> Image.Image:
    """Draw soft light, hard edges and sensor noise: a photo that is hard to compress."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    light = np.stack(
        [
            120 + 60 * np.sin(9 * x * random.uniform(0.5, 1.5) + 5 * y + phase)
            for phase in random.uniform(0, 6, 3)
        ],
        axis=-1,
    )
    for _ in range(14):
        cx, cy, radius = random.uniform(0, 1, 3) * (1, 1, 0.15)
        light[(x - cx) ** 2 + (y - cy) ** 2 < radius**2] += random.uniform(-60, 60, 3)
    light += random.normal(0, 3, light.shape)
    return Image.fromarray(np.clip(light, 0, 255).astype(np.uint8))


def screenshot(width: int = 320, height: int = 240) -> Image.Image:
    """Draw saturated text and lines on flat colour, which halved chroma smears."""
    image = Image.new("RGB", (width, height), (20, 20, 40))
    draw = ImageDraw.Draw(image)
    for row in range(4, height, 12):
        colour = [(255, 0, 0), (0, 255, 0), (80, 80, 255), (255, 0, 255)][row // 12 % 4]
        draw.text((4 + row % 7, row), "Saturated text on a dark ground, row by row", fill=colour)
    return image


def saved(image: Image.Image, kind: str = "JPEG", **settings: object) -> bytes:
    """Return the image as a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def frame_count(image: Image.Image) -> int:
    """Return the number of frames; Pillow's types do not know the attribute."""
    count = getattr(image, "n_frames", 1)
    assert isinstance(count, int)
    return count


def opened(data: bytes) -> Image.Image:
    """Return the file, decoded by a decoder that the engine does not use for it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pixels(data: bytes | Image.Image) -> np.ndarray:
    """Return the RGB pixels as integers that can be subtracted."""
    image = data if isinstance(data, Image.Image) else opened(data)
    return np.asarray(image.convert("RGB")).astype(int)


@pytest.fixture(scope="session")
def photo_jpeg() -> bytes:
    """Return a photo as a camera stores it."""
    return saved(photo(), quality=94)
