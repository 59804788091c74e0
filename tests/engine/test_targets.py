"""Test conversions, renditions beside an image, the smallest of several, and backgrounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import leanpix_engine.pipeline
from leanpix_engine import Format, Level, Options, Reason, Refused, optimize
from leanpix_engine.judge import judge
from leanpix_engine.limits import Limits
from leanpix_engine.model import Crop, CropMethod, Metadata
from leanpix_engine.sandbox.protocol import pack_task, unpack_task
from tests.engine.conftest import opened, photo, saved

RASTERS = (Format.JPEG, Format.PNG, Format.WEBP, Format.AVIF)
RED = (255, 0, 0)


def cut_out() -> Image.Image:
    """Return a photo in a disc, transparent around it."""
    picture = photo(160, 120).convert("RGBA")
    y, x = np.mgrid[:120, :160]
    inside = (x - 80) ** 2 + (y - 60) ** 2 < 50**2
    picture.putalpha(Image.fromarray((inside * 255).astype(np.uint8)))
    return picture


@pytest.mark.parametrize("target", RASTERS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF"])
def test_a_raster_becomes_any_raster_format(kind: str, target: Format) -> None:
    source = saved(photo(160, 120), kind)
    result = optimize(source, Options(target_format=target, always_convert=True))
    if result.output is None:
        assert result.original_format is target
        return
    assert result.output.format is target
    assert opened(result.output.data).size == (160, 120)


@pytest.mark.parametrize("target", [Format.JPEG, Format.PNG])
def test_a_file_to_be_opened_anywhere_may_be_larger_than_the_source(target: Format) -> None:
    source = saved(photo(160, 120), "AVIF", quality=30)
    output = optimize(source, Options(target_format=target)).output
    assert output is not None
    assert len(output.data) > len(source)


def test_a_larger_webp_is_given_only_where_it_is_asked_for() -> None:
    source = saved(photo(160, 120), "JPEG", quality=20)
    options = Options(target_format=Format.WEBP, assume_pristine=True, quality=95)
    assert optimize(source, options).output is None
    assert optimize(source, replace(options, always_convert=True)).output is not None


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_transparent_image_becomes_no_jpeg_without_a_background(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        optimize(saved(cut_out(), kind), Options(target_format=Format.JPEG))
    assert refused.value.reason is Reason.NEEDS_BACKGROUND
    assert "background" in refused.value.text


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("target", RASTERS)
def test_a_background_is_laid_under_transparency(kind: str, target: Format) -> None:
    options = Options(target_format=target, background=RED, always_convert=True)
    output = optimize(saved(cut_out(), kind), options).output
    assert output is not None
    shown = np.asarray(opened(output.data).convert("RGBA"))
    assert shown[..., 3].min() == 255
    assert np.abs(shown[4, 4, :3].astype(int) - RED).max() <= 6


def test_a_background_alone_changes_a_file_that_is_transparent() -> None:
    output = optimize(saved(cut_out(), "PNG"), Options(background=RED)).output
    assert output is not None
    assert output.format is Format.PNG
    assert opened(output.data).convert("RGB").getpixel((2, 2)) == RED


def test_a_background_mixes_half_transparent_pixels() -> None:
    half = Image.new("RGBA", (64, 64), (0, 0, 255, 128))
    output = optimize(saved(half, "PNG"), Options(background=RED, level=Level.LOSSLESS)).output
    assert output is not None
    assert opened(output.data).convert("RGB").getpixel((9, 9)) == (127, 0, 128)


def test_a_background_does_nothing_to_an_opaque_image() -> None:
    source = saved(photo(96, 64), "PNG")
    with_one, without = (optimize(source, Options(background=at)).output for at in (RED, None))
    assert with_one is not None
    assert without is not None
    assert with_one.data == without.data


def test_the_smallest_of_several_formats_is_given() -> None:
    source = saved(photo(200, 150), "PNG")
    single = {target: optimize(source, Options(target_format=target)).output for target in RASTERS}
    sizes = {target: len(output.data) for target, output in single.items() if output}
    smallest = optimize(source, Options(smallest_of=RASTERS)).output
    assert smallest is not None
    assert len(smallest.data) == min(sizes.values())
    assert smallest.format is min(sizes, key=lambda target: sizes[target])


def test_a_format_that_cannot_hold_the_image_is_passed_over() -> None:
    output = optimize(
        saved(cut_out(), "PNG"), Options(smallest_of=(Format.JPEG, Format.WEBP))
    ).output
    assert output is not None
    assert output.format is Format.WEBP


def test_it_is_refused_where_no_format_of_several_holds_the_image() -> None:
    with pytest.raises(Refused) as refused:
        optimize(saved(cut_out(), "PNG"), Options(smallest_of=(Format.JPEG,)))
    assert refused.value.reason is Reason.NEEDS_BACKGROUND


def test_renditions_come_beside_the_image_in_the_order_asked_for() -> None:
    also = (Format.AVIF, Format.WEBP, Format.PNG)
    options = Options(target_format=Format.JPEG, also=also, always_convert=True)
    result = optimize(saved(photo(200, 150), "PNG"), options)
    assert result.output is not None
    assert tuple(output.format for output in result.also) == also
    assert all(opened(output.data).size == (200, 150) for output in result.also)


def test_renditions_are_what_separate_runs_make() -> None:
    source = saved(photo(200, 150), "JPEG", quality=97, subsampling=0)
    both = optimize(source, Options(also=(Format.WEBP, Format.AVIF), always_convert=True))
    assert len(both.also) == 2
    for rendition in both.also:
        options = Options(target_format=rendition.format, always_convert=True)
        alone = optimize(source, options).output
        assert alone is not None
        assert alone.data == rendition.data


def test_the_format_of_the_image_itself_comes_once() -> None:
    result = optimize(saved(photo(96, 64), "PNG"), Options(also=(Format.PNG,)))
    assert result.also == ()


def test_renditions_take_one_decoding_and_one_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    source = saved(photo(200, 150), "JPEG", quality=97, subsampling=0)
    counts = {"decode": 0, "Reference": 0}

    def counted(module: Any, name: str) -> None:
        original = getattr(module, name)

        def counting(*arguments: Any) -> Any:
            counts[name] += 1
            return original(*arguments)

        monkeypatch.setattr(module, name, counting)

    counted(leanpix_engine.pipeline, "decode")
    counted(judge, "Reference")
    result = optimize(source, Options(also=(Format.WEBP, Format.AVIF), always_convert=True))
    assert len(result.also) == 2
    assert counts == {"decode": 1, "Reference": 1}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"target_format": Format.GIF}, "target_format must be"),
        ({"smallest_of": (Format.SVG,)}, "smallest_of must be"),
        ({"also": (Format.GIF,)}, "also must be"),
        ({"smallest_of": RASTERS, "target_format": Format.PNG}, "exclude each other"),
        ({"background": (0, 0, 256)}, "background must be"),
        ({"max_bytes": 0}, "max_bytes must be"),
        ({"long_edge": 0}, "long_edge must be"),
        (
            {"crop": Crop(method=CropMethod.COVER, width=9, height=9), "long_edge": 9},
            "crop excludes",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Options(**options)


def test_options_survive_the_way_to_another_process() -> None:
    options = Options(
        smallest_of=RASTERS,
        also=(Format.WEBP,),
        background=RED,
        keep=frozenset({Metadata.ICC, Metadata.COPYRIGHT}),
        crop=Crop(method=CropMethod.THUMB, width=20, height=30),
        max_bytes=9_000,
    )
    assert unpack_task(pack_task(options, Limits()))[0] == options
