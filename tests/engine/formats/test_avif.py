"""Test AVIF files and conversions to AVIF."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import pyvips
from PIL import Image

from leanpix_engine import Format, Level, Options, Reason, Refused, optimize
from leanpix_engine.metric.ssimulacra2 import Reference
from tests.engine.conftest import opened, photo, saved

TO_AVIF = Options(target_format=Format.AVIF)
TO_WEBP = Options(target_format=Format.WEBP)


def test_a_photo_holds_the_floor_and_is_smaller_than_its_webp(photo_jpeg: bytes) -> None:
    avif = optimize(photo_jpeg, replace(TO_AVIF, assume_pristine=True)).output
    webp = optimize(photo_jpeg, Options(target_format=Format.WEBP, assume_pristine=True)).output
    assert avif is not None
    assert webp is not None
    assert avif.score is not None
    assert avif.score >= 76.5
    assert len(avif.data) < len(webp.data)


def test_any_decoder_shows_the_same_picture() -> None:
    picture = photo(160, 120)
    result = optimize(saved(picture, "PNG"), TO_AVIF)
    assert result.output is not None
    shown = np.asarray(opened(result.output.data).convert("RGB")).astype(int)
    assert np.abs(shown - np.asarray(picture)).mean() < 6


def test_an_avif_gets_smaller_in_its_own_format() -> None:
    source = saved(photo(160, 120), "AVIF", quality=97, speed=9)
    result = optimize(source, Options())
    assert result.output is not None
    assert result.output.format is Format.AVIF
    assert len(result.output.data) < len(source)


def test_a_lossless_level_leaves_an_avif_as_it_is() -> None:
    result = optimize(saved(photo(64, 64), "AVIF"), Options(level=Level.LOSSLESS))
    assert (result.output, result.reason) == (None, "no_savings")


def test_an_animated_avif_is_left_alone_rather_than_cut_to_one_frame() -> None:
    buffer = io.BytesIO()
    frames = [photo(64, 64, seed=seed) for seed in (1, 2, 3)]
    frames[0].save(buffer, "AVIF", save_all=True, append_images=frames[1:], duration=80)
    result = optimize(buffer.getvalue(), Options())
    assert (result.output, result.reason, result.frames) == (None, "animation_kept", 3)
    for options in (Options(max_width=32), Options(target_format=Format.WEBP)):
        with pytest.raises(Refused) as refusal:
            optimize(buffer.getvalue(), options)
        assert refusal.value.reason is Reason.UNSUPPORTED_FEATURE


@pytest.mark.parametrize(("primaries", "transfer"), [(9, 16), (9, 18), (12, 13)])
def test_colours_that_would_be_taken_for_srgb_stay_as_they_are(
    primaries: int, transfer: int
) -> None:
    source = saved(photo(64, 64), "AVIF")
    at = source.index(b"colrnclx") + 8
    told = bytes((0, primaries, 0, transfer))
    source = source[:at] + told + source[at + 4 :]
    result = optimize(source, Options())
    assert (result.output, result.reason) == (None, "hdr_kept")
    with pytest.raises(Refused) as refusal:
        optimize(source, TO_WEBP)
    assert refusal.value.reason is Reason.UNSUPPORTED_FEATURE


def test_a_very_long_picture_is_no_avif() -> None:
    strip = Image.new("RGB", (17_000, 2), (10, 20, 30))
    with pytest.raises(Refused):
        optimize(saved(strip, "PNG"), TO_AVIF)


def test_white_stays_white() -> None:
    page = Image.new("RGB", (320, 240), (255, 255, 255))
    page.paste(photo(200, 160), (20, 20))
    result = optimize(saved(page, "PNG"), TO_AVIF)
    assert result.output is not None
    assert opened(result.output.data).convert("RGB").getpixel((310, 230)) == (255, 255, 255)


def test_the_score_told_is_the_one_of_a_browser_that_computes_colours_from_all_bits(
    photo_jpeg: bytes,
) -> None:
    output = optimize(photo_jpeg, TO_AVIF).output
    assert output is not None
    assert output.score is not None
    before = np.asarray(opened(photo_jpeg).convert("RGB"))
    after = pyvips.Image.new_from_buffer(output.data, "").numpy()
    in_8_bits = np.rint(after / 257 if after.dtype == np.uint16 else after).astype(np.uint8)
    assert abs(Reference(before).score(in_8_bits) - output.score) < 0.1
    # A viewer that brings luma and chroma to 8 bits first shows a little less.
    rounded = np.asarray(opened(output.data).convert("RGB"))
    assert abs(Reference(before).score(rounded) - output.score) < 1


@pytest.mark.parametrize("side", [32, 64, 128])
def test_a_thumbnail_becomes_smaller(side: int) -> None:
    source = saved(photo(side, side), quality=95, subsampling=0)
    output = optimize(source, Options(target_format=Format.AVIF)).output
    assert output is not None
    assert len(output.data) < 0.95 * len(source)
