"""Test JPEG files: smaller at the quality asked for, and the same image to a viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from leanpix_engine import Format, Level, Limits, Options, Reason, Refused, optimize
from leanpix_engine.formats.jpeg import header as jpeg_header
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.model import ALL_METADATA
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, score_of_quality
from tests.engine.conftest import opened, photo, pixels, saved, screenshot


def score(original: bytes, output: bytes) -> float:
    """Return the SSIMULACRA2 between two files as they are seen."""
    first, second = (
        np.asarray(ImageOps.exif_transpose(opened(data)).convert("RGB"))
        for data in (original, output)
    )
    return Reference(first).score(second)


@pytest.mark.parametrize(("level", "goal"), [(Level.MEDIUM, 77), (Level.HIGH, 65)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_level_holds_its_score(level: Level, goal: float, seed: int) -> None:
    source = saved(photo(seed=seed), quality=95)
    output = optimize(source, Options(level=level, assume_pristine=True)).output
    assert output is not None
    assert len(output.data) < len(source)
    assert score(source, output.data) >= goal - FLOOR_BELOW_GOAL
    assert output.score == pytest.approx(score(source, output.data), abs=0.3)


def test_high_is_smaller_than_medium_and_medium_than_lossless(photo_jpeg: bytes) -> None:
    outputs = [
        optimize(photo_jpeg, Options(level=level, assume_pristine=True)).output for level in Level
    ]
    lossless, medium, high = (len(output.data) for output in outputs if output)
    assert high < medium < lossless < len(photo_jpeg)


@pytest.mark.parametrize("quality", [30, 60, 80, 90])
def test_a_quality_holds_the_score_that_it_stands_for(photo_jpeg: bytes, quality: int) -> None:
    output = optimize(photo_jpeg, Options(quality=quality)).output
    assert output is not None
    assert score(photo_jpeg, output.data) >= score_of_quality(quality) - FLOOR_BELOW_GOAL


@pytest.mark.parametrize(
    "settings", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}]
)
def test_lossless_changes_no_pixel(settings: dict[str, Any]) -> None:
    source = saved(photo(), quality=92, **settings)
    result = optimize(source, Options(level=Level.LOSSLESS))
    assert result.output is not None or settings.get("progressive")
    if result.output:
        assert np.array_equal(pixels(source), pixels(result.output.data))
        assert result.output.quality is None


def test_an_optimized_image_is_not_optimized_again(photo_jpeg: bytes) -> None:
    once = optimize(photo_jpeg, Options(level=Level.LOSSLESS)).output
    assert once is not None
    twice = optimize(once.data, Options(level=Level.LOSSLESS))
    assert twice.output is None
    assert twice.reason == "already_optimized"
    assert twice.saved_bytes == 0


def test_saturated_text_is_given_full_chroma() -> None:
    source = saved(screenshot(), quality=97, subsampling=0)
    output = optimize(source).output
    assert output is not None
    assert score(source, output.data) >= 77 - FLOOR_BELOW_GOAL


def test_gray_stays_gray() -> None:
    source = saved(photo().convert("L"), quality=95)
    output = optimize(source).output
    assert output is not None
    assert opened(output.data).mode == "L"


def test_colour_that_is_gray_throughout_becomes_gray() -> None:
    source = saved(photo().convert("L").convert("RGB"), quality=95)
    output = optimize(source).output
    assert output is not None
    assert opened(output.data).mode == "L"


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_seen_the_same_way_up(level: Level, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = saved(photo(160, 96), quality=95, exif=exif)
    output = optimize(source, Options(level=level)).output
    assert output is not None
    seen = ImageOps.exif_transpose(opened(output.data))
    assert seen.size == (output.width, output.height)
    assert seen.size == ImageOps.exif_transpose(opened(source)).size
    assert score(source, output.data) > 60


def wide_gamut() -> bytes:
    """Return a profile like sRGB's with a red beyond it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entry = profile.index(b"rXYZ", 128)
    red = int.from_bytes(profile[entry + 4 : entry + 8], "big") + 8
    profile[red : red + 4] = round(0.52 * 65_536).to_bytes(4, "big")
    return bytes(profile)


@pytest.mark.parametrize("level", list(Level))
def test_a_profile_that_changes_colours_stays(level: Level) -> None:
    profile = wide_gamut()
    source = saved(photo(), quality=95, icc_profile=profile)
    output = optimize(source, Options(level=level)).output
    assert output is not None
    assert opened(output.data).info.get("icc_profile") == profile


def test_the_profile_of_srgb_says_nothing_and_is_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    output = optimize(saved(photo(), quality=95, icc_profile=profile)).output
    assert output is not None
    assert "icc_profile" not in opened(output.data).info


def test_cmyk_stays_cmyk_unless_asked() -> None:
    source = saved(photo().convert("CMYK"), quality=95)
    kept, converted = (
        optimize(source, Options(cmyk_to_rgb=convert)).output for convert in (False, True)
    )
    assert converted is not None
    assert opened(converted.data).mode == "RGB"
    assert kept is not None
    assert opened(kept.data).mode == "CMYK"
    difference = np.abs(np.asarray(opened(source)).astype(int) - np.asarray(opened(kept.data)))
    assert difference.mean() < 8


def test_location_and_comments_are_gone() -> None:
    source = with_location()
    for level in Level:
        output = optimize(source, Options(level=level)).output
        assert output is not None
        assert b"Exif" not in output.data
        assert b"secret comment" not in output.data


def test_keep_exif_keeps_it_with_the_orientation_made_upright() -> None:
    output = optimize(
        with_location(orientation=6), Options(keep=ALL_METADATA, assume_pristine=True)
    ).output
    assert output is not None
    exif = opened(output.data).getexif()
    assert exif[0x0112] == 1
    assert exif.get_ifd(0x8825)[1] == "N"


def with_location(orientation: int = 1) -> bytes:
    """Return a photo that says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "at home"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 14.0)
    return saved(photo(), quality=95, exif=exif, comment=b"secret comment")


def test_a_file_that_is_cut_off_is_refused(photo_jpeg: bytes) -> None:
    for share in (0.2, 0.5, 0.9):
        with pytest.raises(Refused) as refusal:
            optimize(photo_jpeg[: int(len(photo_jpeg) * share)])
        assert refusal.value.reason is Reason.CORRUPT_IMAGE


def test_what_trails_the_image_is_dropped(photo_jpeg: bytes) -> None:
    output = optimize(photo_jpeg + b"trailing" * 1000, Options(level=Level.LOSSLESS)).output
    assert output is not None
    assert b"trailing" not in output.data
    assert np.array_equal(pixels(photo_jpeg), pixels(output.data))


@pytest.mark.parametrize(
    ("marker", "bits", "word"),
    [(0xC9, 8, "arithmetic"), (0xC3, 8, "lossless"), (0xC1, 12, "12 bits")],
)
def test_codings_that_nothing_shows_are_refused_by_name(
    photo_jpeg: bytes, marker: int, bits: int, word: str
) -> None:
    frame = next(s for s in jpeg_header.segments(photo_jpeg) if s.marker == 0xC0)
    changed = bytearray(photo_jpeg)
    changed[frame.start - 3] = marker
    changed[frame.start] = bits
    with pytest.raises(Refused) as refusal:
        optimize(bytes(changed))
    assert refusal.value.reason is Reason.UNSUPPORTED_FEATURE
    assert word in refusal.value.text


def test_time_is_bounded(photo_jpeg: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        optimize(photo_jpeg, limits=Limits(max_seconds=0.0))
    assert refusal.value.reason is Reason.TIMEOUT


@pytest.mark.parametrize("target", [Format.WEBP, Format.AVIF])
def test_a_photo_is_converted(photo_jpeg: bytes, target: Format) -> None:
    output = optimize(photo_jpeg, Options(target_format=target, assume_pristine=True)).output
    assert output is not None
    assert output.format is target
    assert opened(output.data).format == target.name
    assert score(photo_jpeg, output.data) >= 77 - FLOOR_BELOW_GOAL - 0.2


def test_a_webp_comes_beside_the_jpeg() -> None:
    sharp = saved(screenshot(), quality=94)
    result = optimize(sharp, Options(also=(Format.WEBP,), assume_pristine=True))
    assert result.output is not None
    assert result.output.format is Format.JPEG
    assert opened(result.also[0].data).format == "WEBP"


def test_a_tiny_image_is_never_made_larger() -> None:
    for size in ((1, 1), (7, 3), (8, 8), (1, 300)):
        source = saved(photo(*size), quality=90)
        output = optimize(source).output
        assert output is None or len(output.data) < len(source)
        if output:
            assert opened(output.data).size == size


def test_large_photos_are_sampled_and_hold_the_floor() -> None:
    source = saved(photo(2240, 1600), quality=93)
    output = optimize(source).output
    assert output is not None
    assert score(source, output.data) >= 77 - FLOOR_BELOW_GOAL


def test_a_lossless_conversion_that_cannot_be_is_none(photo_jpeg: bytes) -> None:
    result = optimize(photo_jpeg, Options(level=Level.LOSSLESS, target_format=Format.AVIF))
    assert result.output is None
    assert result.reason == "no_lossless_form"


def test_avif_of_more_than_can_be_encoded_in_time_is_refused(photo_jpeg: bytes) -> None:
    limits = Limits(max_avif_pixels=1000)
    with pytest.raises(Refused) as refusal:
        optimize(photo_jpeg, Options(target_format=Format.AVIF), limits)
    assert refusal.value.reason is Reason.TOO_LARGE
