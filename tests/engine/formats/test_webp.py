"""Test WebP files and conversions to WebP."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leanpix_engine import Format, Level, Limits, Options, native, optimize
from leanpix_engine.formats.webp import codec as webp
from leanpix_engine.picture.picture import Picture
from tests.engine.conftest import frame_count, opened, photo, saved, screenshot

TO_WEBP = Options(target_format=Format.WEBP)


def rgba(data: bytes) -> np.ndarray:
    return np.asarray(opened(data).convert("RGBA"))


def animation(**settings: object) -> bytes:
    """Return a photo that slides by."""
    wide = photo(240, 90).filter(ImageFilter.GaussianBlur(2))
    frames = [wide.crop((12 * index, 0, 12 * index + 120, 90)) for index in range(5)]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=[50, 120, 30, 200, 70],
        loop=2,
        **settings,
    )
    return buffer.getvalue()


def timing(data: bytes) -> tuple[list[int], int]:
    image = Image.open(io.BytesIO(data))
    delays = []
    for index in range(frame_count(image)):
        image.seek(index)
        image.load()
        delays.append(image.info["duration"])
    return delays, image.info["loop"]


def test_a_photo_is_lossy_and_holds_the_floor(photo_jpeg: bytes) -> None:
    result = optimize(photo_jpeg, replace(TO_WEBP, assume_pristine=True))
    assert result.output is not None
    assert opened(result.output.data).format == "WEBP"
    assert result.output.score is not None
    assert 76.5 <= result.output.score < 81


def test_a_graphic_with_few_colours_is_coded_without_chroma_loss() -> None:
    source = saved(screenshot().resize((240, 180), Image.Resampling.BICUBIC), "PNG")
    result = optimize(source, TO_WEBP)
    assert result.output is not None
    assert b"VP8L" in result.output.data[:40]
    assert len(result.output.data) < 0.6 * len(source)


def test_lossless_conversion_keeps_every_pixel() -> None:
    source = saved(screenshot(), "PNG")
    options = Options(level=Level.LOSSLESS, target_format=Format.WEBP)
    result = optimize(source, options)
    assert result.output is not None
    assert np.array_equal(rgba(result.output.data), rgba(source))


def test_a_lossless_webp_gets_smaller_without_loss() -> None:
    source = saved(screenshot().resize((640, 480)), "WEBP", lossless=True, quality=0, method=0)
    result = optimize(source, Options(level=Level.LOSSLESS, min_saving=0))
    if result.output:
        assert np.array_equal(rgba(result.output.data), rgba(source))


def test_the_extra_webp_comes_beside_the_image() -> None:
    sharp = saved(screenshot(), quality=94)
    result = optimize(sharp, Options(also=(Format.WEBP,), assume_pristine=True))
    assert result.output is not None
    assert (result.output.format, result.also[0].format) == (Format.JPEG, Format.WEBP)


@pytest.mark.parametrize("level", list(Level))
def test_an_animation_keeps_frames_delays_and_loop(level: Level) -> None:
    source = animation(lossless=True, quality=0, method=0)
    result = optimize(source, Options(level=level))
    assert result.frames == 5
    data = result.output.data if result.output else source
    assert timing(data) == timing(source)


def test_a_lossy_animation_is_smaller_than_a_lossless_one() -> None:
    result = optimize(animation(lossless=True), Options())
    assert result.output is not None
    assert len(result.output.data) < 0.5 * result.original_size


def test_a_drawing_too_large_to_be_searched_in_time_is_coded_without_loss() -> None:
    source = saved(screenshot(320, 240).resize((3200, 2400), Image.Resampling.NEAREST), "PNG")
    limits = Limits(max_seconds=2.0)
    result = optimize(source, Options(target_format=Format.WEBP), limits)
    assert result.seconds < limits.max_seconds
    assert result.output is None or result.output.score is None


def panel() -> Image.Image:
    """Draw a large window with rounded corners: flat, with a shaded part of many colours."""
    image = screenshot(1280, 960).convert("RGBA")
    shaded = np.asarray(image).copy()
    y, x = np.mgrid[0:480, 0:640]
    light = np.stack([x * 0.3, y * 0.4, (x + y) * 0.2], axis=-1)
    light += np.random.default_rng(1).normal(0, 4, light.shape)
    shaded[240:720, 320:960, :3] = np.clip(light, 0, 255)
    shaded[:8, :8, 3] = 120
    return Image.fromarray(shaded)


@pytest.fixture
def encodes(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Return the settings of every file that libwebp makes."""
    made: list[dict[str, object]] = []
    save = webp._save

    def noted(image: object, picture: Picture, **settings: object) -> bytes:
        made.append(settings)
        return save(image, picture, **settings)

    monkeypatch.setattr(webp, "_save", noted)
    return made


def test_a_large_graphic_takes_few_encodes_and_holds_the_floor(
    encodes: list[dict[str, object]],
) -> None:
    result = optimize(saved(panel(), "PNG"), TO_WEBP)
    assert result.output is not None
    assert result.output.score is not None
    assert result.output.score >= 76.5
    lossy = [made for made in encodes if "lossless" not in made]
    assert len([made for made in lossy if "preset" in made]) <= 3


def test_what_cannot_win_is_seen_at_a_first_look(encodes: list[dict[str, object]]) -> None:
    source = saved(screenshot(640, 480).resize((800, 600), Image.Resampling.BICUBIC), "PNG")
    assert optimize(source, TO_WEBP).output is not None
    assert not [made for made in encodes if "preset" in made]
    assert len([made for made in encodes if made.get("lossless") and made["effort"]]) == 1


@pytest.mark.parametrize("saturated", [False, True])
def test_libwebp_gives_only_a_saturated_photo_sharp_chroma(
    encodes: list[dict[str, object]],
    monkeypatch: pytest.MonkeyPatch,
    saturated: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    monkeypatch.setattr(native, "available", lambda: False)
    strong = photo()
    image = strong if saturated else Image.blend(strong, strong.convert("L").convert("RGB"), 0.6)
    result = optimize(saved(image, quality=95), replace(TO_WEBP, assume_pristine=True))
    assert result.output is not None
    assert {made["smart_subsample"] for made in encodes} == {saturated}


def make_noise_of_16_colours() -> bytes:
    """Return a PNG that a palette serves better than WebP does."""
    draw = np.random.default_rng(1)
    colours = draw.integers(0, 256, (16, 3), dtype=np.uint8)
    return saved(Image.fromarray(colours[draw.integers(0, 16, (128, 128))]), "PNG")


@pytest.mark.parametrize("level", list(Level))
def test_the_extra_webp_is_smaller_than_the_optimized_file_or_left_out(level: Level) -> None:
    result = optimize(make_noise_of_16_colours(), Options(level=level, also=(Format.WEBP,)))
    assert result.output is not None
    if level is Level.LOSSLESS:
        assert len(result.also[0].data) < len(result.output.data)
    else:
        assert result.also == ()
