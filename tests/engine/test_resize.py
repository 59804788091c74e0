"""Fitting into a box."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.resize import fitted

from .conftest import opened, photo, pixels, saved

sides = st.integers(1, 5000)


@given(sides, sides, st.none() | sides, st.none() | sides)
def test_it_fits_keeps_the_aspect_and_never_enlarges(
    width: int, height: int, max_width: int | None, max_height: int | None
) -> None:
    new_width, new_height = fitted(width, height, max_width, max_height)
    assert 1 <= new_width <= min(width, max_width or width)
    assert 1 <= new_height <= min(height, max_height or height)
    scale = min(1, (max_width or width) / width, (max_height or height) / height)
    assert abs(new_width - width * scale) <= 1
    assert abs(new_height - height * scale) <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("options", "size"),
    [
        (Options(max_width=100), (100, 75)),
        (Options(max_height=60), (80, 60)),
        (Options(max_width=100, max_height=30), (40, 30)),
    ],
)
def test_an_image_is_made_to_fit(kind: str, options: Options, size: tuple[int, int]) -> None:
    output = optimize(saved(photo(), kind), options).output
    assert output is not None
    assert (output.width, output.height) == size == opened(output.data).size
    assert output.format is Format[kind]


def test_a_box_larger_than_the_image_changes_nothing(photo_jpeg: bytes) -> None:
    assert optimize(photo_jpeg, Options(max_width=9999)).width == 320


def test_the_box_is_for_the_image_as_it_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    output = optimize(saved(photo(200, 100), exif=exif), Options(max_width=50)).output
    assert output is not None
    assert ImageOps.exif_transpose(opened(output.data)).size == (50, 100)


def test_what_is_transparent_does_not_bleed_into_what_is_seen() -> None:
    """Red that nobody sees must not tint the green beside it."""
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    image.paste((0, 255, 0, 255), (100, 0, 200, 200))
    output = optimize(saved(image, "PNG"), Options(max_width=50)).output
    assert output is not None
    small = np.asarray(opened(output.data).convert("RGBA")).astype(int)
    seen = small[small[..., 3] > 128]
    assert seen[:, 0].max() < 40


def test_it_looks_like_a_good_reduction(photo_jpeg: bytes) -> None:
    output = optimize(photo_jpeg, Options(max_width=160)).output
    assert output is not None
    expected = opened(photo_jpeg).resize((160, 120), Image.Resampling.LANCZOS)
    assert np.abs(pixels(output.data) - pixels(expected)).mean() < 6


@pytest.mark.parametrize("options", [{"max_width": 100}, {"max_width": 100, "max_height": 20}])
def test_a_lossless_jpeg_is_resized_without_visible_loss(
    photo_jpeg: bytes, options: dict[str, int]
) -> None:
    """Its pixels are new anyway, and JPEG has no lossless form for them."""
    output = optimize(photo_jpeg, Options(level=Level.LOSSLESS, **options)).output
    assert output is not None
    assert output.score is not None
    assert output.score >= 89.5
