"""Test PNG files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFilter

from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.formats.png.palette import MergedPalette, chunk
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.judge import Judge
from tests.engine.conftest import opened, photo, saved, screenshot

LOSSLESS = Options(level=Level.LOSSLESS)


def rgba(data: bytes) -> np.ndarray:
    return np.asarray(opened(data).convert("RGBA"))


def with_chunk(png: bytes, kind: bytes, payload: bytes) -> bytes:
    """Return the PNG with a chunk behind its header."""
    return png[:33] + chunk(kind, payload) + png[33:]


def output(source: bytes, options: Options | None = None) -> bytes:
    result = optimize(source, options or Options())
    assert result.output is not None, result.reason
    assert len(result.output.data) < len(source)
    return result.output.data


def test_lossless_keeps_every_pixel() -> None:
    source = saved(screenshot(), "PNG", compress_level=1)
    assert np.array_equal(rgba(output(source, LOSSLESS)), rgba(source))


def test_lossless_keeps_sixteen_bits() -> None:
    deep = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 13
    source = saved(Image.fromarray(deep), "PNG", compress_level=0)
    assert np.array_equal(np.asarray(opened(output(source, LOSSLESS))), deep)


def test_lossless_may_change_only_colours_that_nobody_sees() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 4), np.uint8)
    pixels[:, 32:, 3] = 0
    pixels[:, :32, 3] = 200
    done = rgba(output(saved(Image.fromarray(pixels), "PNG"), LOSSLESS))
    assert np.array_equal(done[..., 3], pixels[..., 3])
    assert np.array_equal(done[:, :32], pixels[:, :32])


def test_medium_of_a_graphic_is_a_palette_above_the_floor() -> None:
    source = saved(screenshot().resize((240, 180), Image.Resampling.BICUBIC), "PNG")
    result = optimize(source, Options())
    assert result.output is not None
    assert opened(result.output.data).mode == "P"
    assert result.output.score is not None
    assert result.output.score >= 76.5


def test_high_is_not_larger_than_medium() -> None:
    source = saved(screenshot().resize((240, 180), Image.Resampling.BICUBIC), "PNG")
    assert len(output(source, Options(level=Level.HIGH))) <= len(output(source))


def test_alpha_survives_the_palette() -> None:
    picture = screenshot().convert("RGBA")
    fade = Image.fromarray(np.tile(np.linspace(0, 255, 320).astype(np.uint8), (240, 1)))
    picture.putalpha(fade)
    source = saved(picture, "PNG")
    alpha = rgba(output(source))[..., 3].astype(int)
    assert np.abs(alpha - np.asarray(fade).astype(int)).mean() < 12


def test_gamma_stays_with_a_palette() -> None:
    source = with_chunk(
        saved(screenshot().resize((240, 180)), "PNG"), b"gAMA", struct.pack(">I", 50_000)
    )
    assert opened(output(source)).info["gamma"] == pytest.approx(0.5)


def test_text_and_time_are_stripped() -> None:
    source = with_chunk(saved(photo(64, 64), "PNG"), b"tEXt", b"Comment\x00" + b"x" * 4000)
    assert b"Comment" not in output(source, LOSSLESS)


def test_colours_in_pq_are_not_put_into_a_palette() -> None:
    source = with_chunk(
        saved(screenshot(), "PNG", compress_level=1), b"cICP", bytes((9, 16, 0, 1))
    )
    assert np.array_equal(rgba(output(source)), rgba(source))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    source = saved(screenshot().convert("L").convert(mode), "PNG", compress_level=0)
    assert np.array_equal(rgba(output(source, LOSSLESS)), rgba(source))


def test_a_png_that_cannot_be_smaller_is_left_alone() -> None:
    small = output(saved(screenshot(), "PNG"), LOSSLESS)
    result = optimize(small, LOSSLESS)
    assert (result.output, result.reason) == (None, "no_savings")


@pytest.mark.parametrize("kind", [Format.WEBP, Format.AVIF])
def test_alpha_survives_a_conversion(kind: Format) -> None:
    picture = photo(160, 120).filter(ImageFilter.GaussianBlur(2)).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 80, 120))
    done = rgba(output(saved(picture, "PNG"), Options(target_format=kind)))
    assert (done[:, :72, 3] <= 4).all()  # AVIF codes alpha with loss
    assert (done[:, 88:, 3] >= 251).all()


@pytest.mark.parametrize("size", [2, 5, 16, 100])
def test_a_merged_palette_has_at_most_the_colours_asked_for(size: int) -> None:
    pixels = np.asarray(photo(120, 90))[None]
    merged = MergedPalette(Picture(frames=np.ascontiguousarray(pixels), mode=Mode.RGB).to_vips())
    data = merged.png(size)
    assert len(np.unique(rgba(data).reshape(-1, 4), axis=0)) <= size
    assert zlib.crc32(data[12:29]) == int.from_bytes(data[29:33], "big")


def test_what_needs_more_colours_than_a_palette_holds_is_posterized() -> None:
    source = saved(photo(320, 240), "PNG")
    result = optimize(source, Options(quality=94))
    assert result.output is not None
    assert result.output.score is not None
    assert result.output.score >= 91.6
    lossless = optimize(source, LOSSLESS).output
    assert lossless is None or len(result.output.data) < 0.9 * len(lossless.data)


def test_soft_edges_do_not_cost_a_picture_its_palette() -> None:
    picture = photo(200, 160).quantize(200).convert("RGBA")
    alpha = np.asarray(photo(200, 160, seed=8).convert("L"))
    picture.putalpha(Image.fromarray(alpha).filter(ImageFilter.GaussianBlur(3)))
    done = output(saved(picture, "PNG"))
    before, after = rgba(saved(picture, "PNG")), rgba(done)
    assert np.abs(before[..., 3].astype(int) - after[..., 3]).mean() < 8


def test_a_palette_shows_the_pixels_that_its_file_has() -> None:
    picture = Picture(frames=np.asarray(photo(80, 60))[None], mode=Mode.RGB)
    palette = MergedPalette(picture.to_vips())
    for size in (5, 60, 256):
        assert np.array_equal(palette.pixels(size), rgba(palette.png(size)))


def test_what_is_opaque_is_searched_without_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laying it on a background would take as long as scoring it."""
    seen: list[bool] = []
    score_of = Judge.score_of

    def noted(judge: Judge, picture: Picture) -> float:
        seen.append(picture.alpha)
        return score_of(judge, picture)

    monkeypatch.setattr(Judge, "score_of", noted)
    opaque = screenshot().resize((240, 180), Image.Resampling.BICUBIC)
    output(saved(opaque, "PNG"))
    assert seen
    assert not any(seen)
