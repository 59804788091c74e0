"""Make pictures for tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from skimage.data import astronaut


def make_photo(*, width: int, height: int, seed: int = 7) -> Image.Image:
    """Return a picture with a photo's statistics: smooth light, edges, and fine noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width, 3))
    for channel in range(3):
        for _ in range(6):
            (fx, fy), phase = random.uniform(0.5, 9, 2), random.uniform(0, 6)
            wave = np.sin(2 * np.pi * (fx * x / width + fy * y / height) + phase)
            picture[..., channel] += 18 * wave
    for _ in range(12):
        center_x, center_y = random.uniform(0, width), random.uniform(0, height)
        radius = random.uniform(height / 20, height / 4)
        inside = (x - center_x) ** 2 + (y - center_y) ** 2 < radius**2
        picture[inside] += random.uniform(-50, 50, 3)
    picture += 128 + random.normal(0, 5, picture.shape)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def make_photo_jpeg(*, width: int, height: int, quality: int = 93, seed: int = 7) -> bytes:
    """Return such a picture as a camera would store it."""
    buffer = io.BytesIO()
    make_photo(width=width, height=height, seed=seed).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def make_portrait_png(*, side: int = 256) -> bytes:
    """Return a real photo as PNG, of which a WebP is many times smaller."""
    buffer = io.BytesIO()
    Image.fromarray(astronaut()).resize((side, side)).save(buffer, "PNG")  # type: ignore[no-untyped-call]  # skimage types none
    return buffer.getvalue()
