"""Test that EXIF orientation is applied in every format that can carry it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from leanpix_engine import Level, Options, optimize, probe
from tests.engine.conftest import opened, photo, saved


def turned(kind: str, orientation: int, **settings: object) -> bytes:
    """Return a picture that says how it is to be turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(photo(96, 64), kind, exif=exif, **settings)


def seen(data: bytes) -> np.ndarray:
    """Return the pixels that a viewer shows."""
    return np.asarray(ImageOps.exif_transpose(opened(data)).convert("RGB")).astype(int)


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", [2, 3, 5, 6])
def test_an_image_is_seen_the_same_way_up(kind: str, level: Level, orientation: int) -> None:
    source = turned(kind, orientation, **({"lossless": True} if kind == "WEBP" else {}))
    output = optimize(source, Options(level=level)).output
    after = seen(output.data if output else source)
    assert after.shape == seen(source).shape
    assert np.abs(after - seen(source)).mean() < (0.01 if level is Level.LOSSLESS else 12)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_probe_tells_the_size_as_seen(kind: str) -> None:
    facts = probe(turned(kind, 6))
    assert (facts.width, facts.height) == (64, 96)
