"""Test PNG files."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from leanpix_engine import Format, Level, Options, Refused, optimize
from leanpix_engine.formats.png.palette import MergedPalette, chunk, dithered
from leanpix_engine.judge.judge import Judge, Verdict
from leanpix_engine.picture.picture import Mode, Picture
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


@pytest.mark.parametrize(
    "options", [Options(target_format=Format.WEBP), Options(long_edge=50), Options(max_width=9)]
)
def test_colours_in_pq_are_not_taken_for_others(options: Options) -> None:
    source = with_chunk(saved(photo(96, 64), "PNG"), b"cICP", bytes((9, 16, 0, 1)))
    with pytest.raises(Refused) as refused:
        optimize(source, options)
    assert "HDR" in refused.value.text


def test_colours_in_pq_get_no_rendition_and_keep_their_chunk() -> None:
    source = with_chunk(
        saved(photo(96, 64), "PNG", compress_level=0), b"cICP", bytes((9, 16, 0, 1))
    )
    result = optimize(source, Options(also=(Format.WEBP,)))
    assert result.output is not None
    assert b"cICP\x09\x10\x00\x01" in result.output.data
    assert result.also == ()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_every_kind_of_pixel_is_read(mode: str) -> None:
    source = saved(screenshot().convert("L").convert(mode), "PNG", compress_level=0)
    assert np.array_equal(rgba(output(source, LOSSLESS)), rgba(source))


def test_a_png_that_cannot_be_smaller_is_left_alone() -> None:
    small = output(saved(screenshot(), "PNG"), LOSSLESS)
    result = optimize(small, LOSSLESS)
    assert (result.output, result.reason) == (None, "already_optimized")


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
    merged = MergedPalette(Picture(frames=np.ascontiguousarray(pixels), mode=Mode.RGB))
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
    palette = MergedPalette(picture)
    for size in (5, 60, 256):
        assert np.array_equal(palette.pixels(size), rgba(palette.png(size)))


def test_what_is_opaque_is_searched_without_alpha(monkeypatch: pytest.MonkeyPatch) -> None:
    """Laying it on a background would take as long as scoring it."""
    seen: list[bool] = []
    verdict = Judge.verdict

    def noted(judge: Judge, picture: Picture) -> Verdict:
        seen.append(picture.alpha)
        return verdict(judge, picture)

    monkeypatch.setattr(Judge, "verdict", noted)
    opaque = screenshot().resize((240, 180), Image.Resampling.BICUBIC)
    output(saved(opaque, "PNG"))
    assert seen
    assert not any(seen)


def icon(side: int) -> Image.Image:
    """Return a disc with soft edges and two flat colours on nothing."""
    large = Image.new("RGBA", (side * 4, side * 4))
    draw = ImageDraw.Draw(large)
    draw.ellipse((side * 0.4, side * 0.4, side * 3.6, side * 3.6), fill=(190, 30, 45, 255))
    draw.rectangle((side * 1.4, side * 1.2, side * 2.6, side * 2.8), fill=(20, 70, 160, 255))
    return large.resize((side, side), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("size", [2, 8, 30, 256])
@pytest.mark.parametrize("side", [32, 700])
def test_a_palette_keeps_clear_and_opaque_and_moves_alpha_by_8_at_most(
    side: int, size: int
) -> None:
    pixels = np.asarray(icon(side))[None]
    made = MergedPalette(Picture(frames=pixels, mode=Mode.RGB, alpha=True)).pixels(size)
    before, after = pixels[0, ..., 3].astype(int), made[..., 3].astype(int)
    assert np.array_equal(before == 0, after == 0)
    assert np.array_equal(before == 255, after == 255)
    assert np.abs(before - after).max() <= 8


@pytest.mark.parametrize("dither", [0.0, 0.5])
def test_a_dithered_palette_keeps_flat_colours_and_what_is_clear(dither: float) -> None:
    picture = photo(200, 160).convert("RGBA")
    ImageDraw.Draw(picture).rectangle((0, 0, 80, 80), fill=(201, 33, 77, 255))
    ImageDraw.Draw(picture).rectangle((120, 0, 199, 60), fill=(0, 0, 0, 0))
    pixels = np.asarray(picture)
    whole = Picture(frames=pixels[None], mode=Mode.RGB, alpha=True)
    made = rgba(dithered(whole, 80, dither=dither, effort=7))
    assert (made[:80, :80] == (201, 33, 77, 255)).all()
    assert np.array_equal(made[..., 3], pixels[..., 3])


@pytest.mark.parametrize("size", [2, 5, 20])
def test_a_palette_keeps_gray_gray_and_flat_colours_exact(size: int) -> None:
    gray = np.repeat(np.asarray(photo(160, 120).convert("L"))[..., None], 3, axis=-1).copy()
    gray[:60, :60] = 137
    made = MergedPalette(Picture(frames=gray[None], mode=Mode.RGB)).pixels(size)
    assert (made[..., :3] == made[..., :1]).all()
    assert (made[:60, :60, 0] == 137).all()
