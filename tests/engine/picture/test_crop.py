"""Test exact sizes: what is kept of a picture, and a subject that stands alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from leanpix_engine import Crop, CropMethod, Format, Options, optimize
from tests.engine.conftest import opened, photo, saved

RED = (200, 30, 30)
PAPER = (250, 250, 248)


def crop(method: CropMethod, width: int, height: int) -> Options:
    """Return options that ask for an exact size, and for nothing that could blur the test."""
    size = Crop(method=method, width=width, height=height)
    return Options(crop=size, target_format=Format.PNG, quality=95)


def made(image: Image.Image, options: Options) -> Image.Image:
    """Return the picture that comes out."""
    output = optimize(saved(image, "PNG"), options).output
    assert output is not None
    return opened(output.data)


def marked(width: int, height: int, at: tuple[int, int]) -> Image.Image:
    """Return a quiet gray gradient with a small red disc somewhere."""
    shade = np.linspace(110, 140, width).astype(np.uint8)
    image = Image.fromarray(np.repeat(np.tile(shade, (height, 1))[..., None], 3, axis=-1))
    x, y = at
    ImageDraw.Draw(image).ellipse((x - 14, y - 14, x + 14, y + 14), fill=RED)
    return image


def share_of_red(image: Image.Image) -> float:
    """Return the red pixels as a share of the disc's."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return float((pixels[..., 0] - pixels[..., 1] > 100).sum())


@pytest.mark.parametrize("method", list(CropMethod))
@pytest.mark.parametrize("size", [(100, 100), (160, 90), (40, 120)])
def test_it_has_exactly_the_size_asked_for(method: CropMethod, size: tuple[int, int]) -> None:
    assert made(photo(200, 150), crop(method, *size)).size == size


@pytest.mark.parametrize(
    ("asked", "size"),
    [((400, 400), (150, 150)), ((400, 100), (200, 50)), ((200, 150), (200, 150))],
)
def test_it_is_never_enlarged(asked: tuple[int, int], size: tuple[int, int]) -> None:
    options = crop(CropMethod.COVER, *asked)
    assert made(photo(200, 150), options).size == size


@pytest.mark.parametrize("at", [(30, 60), (200, 60), (370, 60)])
def test_a_cover_keeps_what_stands_out(at: tuple[int, int]) -> None:
    image = marked(400, 120, at)
    covered = made(image, crop(CropMethod.COVER, 120, 120))
    assert share_of_red(covered) >= 0.95 * share_of_red(image)


def test_all_frames_are_cut_at_one_place() -> None:
    frames = [marked(200, 60, (x, 30)) for x in (160, 150, 140)]
    source = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=80)
    size = Crop(method=CropMethod.COVER, width=60, height=60)
    output = optimize(source, Options(crop=size)).output
    assert output is not None
    image = opened(output.data)
    assert image.size == (60, 60)
    assert getattr(image, "n_frames", 1) == 3


def test_a_thumb_keeps_a_subject_before_a_plain_background_whole() -> None:
    product = Image.new("RGB", (300, 400), PAPER)
    ImageDraw.Draw(product).rectangle((120, 20, 180, 380), fill=RED)
    covered = made(product, crop(CropMethod.COVER, 200, 200))
    alone = made(product, crop(CropMethod.THUMB, 200, 200))
    rows = np.asarray(alone.convert("RGB")).astype(int)
    red = rows[..., 0] - rows[..., 1] > 100
    assert alone.size == (200, 200)
    assert not red[:5].any()
    assert not red[-5:].any()
    assert red.any(axis=1).sum() > 160
    assert np.abs(rows[2, 2] - PAPER).max() <= 4
    edges = np.asarray(covered.convert("RGB")).astype(int)[[0, -1], :, 1]
    assert (edges < 100).any()


def test_a_thumb_of_a_cut_out_stays_clear_around_it() -> None:
    image = Image.new("RGBA", (300, 200), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((100, 0, 300, 200), fill=(*RED, 255))
    alone = made(image, crop(CropMethod.THUMB, 100, 100))
    alpha = np.asarray(alone.convert("RGBA"))[..., 3]
    assert alpha[:4].max() == 0
    assert alpha[:, :4].max() == 0
    assert alpha[50, 50] == 255


def test_a_thumb_of_a_photo_is_a_cover() -> None:
    image = photo(200, 150)
    first, second = (made(image, crop(method, 90, 90)) for method in CropMethod)
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_the_long_edge_fits() -> None:
    output = optimize(saved(photo(120, 200), "PNG"), Options(long_edge=100)).output
    assert output is not None
    assert opened(output.data).size == (60, 100)
