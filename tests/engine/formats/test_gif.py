"""Test GIF files."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageSequence

from leanpix_engine import Format, Level, Limits, Options, Reason, Refused, optimize
from leanpix_engine.formats.gif.delays import with_delays_of
from tests.engine.conftest import frame_count, opened, photo

DELAYS = [50, 120, 30, 200, 70]


def animation(delays: list[int] | None = None, loop: int = 0) -> bytes:
    """Return a photo that slides by, dithered as photos in GIFs are."""
    wide = photo(200, 90).filter(ImageFilter.GaussianBlur(2))
    frames = [
        wide.crop((12 * index, 0, 12 * index + 120, 90)).convert(
            "P", palette=Image.Palette.ADAPTIVE
        )
        for index in range(len(delays or DELAYS))
    ]
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=delays or DELAYS,
        loop=loop,
        optimize=False,
    )
    return buffer.getvalue()


def timing(data: bytes) -> tuple[list[int], int | None, tuple[int, int]]:
    image = Image.open(io.BytesIO(data))
    delays = [frame.info.get("duration", 0) for frame in ImageSequence.Iterator(image)]
    return delays, image.info.get("loop"), image.size


@pytest.mark.parametrize("level", list(Level))
def test_frames_delays_and_loop_are_kept(level: Level) -> None:
    source = animation(loop=4)
    result = optimize(source, Options(level=level))
    data = result.output.data if result.output else source
    assert timing(data) == timing(source)


def test_medium_is_smaller_and_above_the_floor() -> None:
    source = animation()
    result = optimize(source, Options())
    assert result.output is not None
    assert len(result.output.data) < 0.9 * len(source)
    assert result.output.score is not None
    assert result.output.score >= 76.5


def test_lossless_shows_the_same_frames() -> None:
    source = animation()
    result = optimize(source, Options(level=Level.LOSSLESS, min_saving=0))
    data = result.output.data if result.output else source
    for ours, theirs in zip(
        ImageSequence.Iterator(opened(data)), ImageSequence.Iterator(opened(source)), strict=True
    ):
        assert np.array_equal(np.asarray(ours.convert("RGBA")), np.asarray(theirs.convert("RGBA")))


def test_frames_that_show_nothing_new_are_kept() -> None:
    source = animation()
    still = Image.open(io.BytesIO(source)).convert("RGB")
    buffer = io.BytesIO()
    other = Image.new("RGB", still.size)
    still.save(buffer, "GIF", save_all=True, append_images=[other, still], duration=40)
    result = optimize(buffer.getvalue(), Options())
    assert result.frames == 3
    if result.output:
        assert timing(result.output.data)[0] == [40, 40, 40]


def test_a_delay_of_zero_stays_zero() -> None:
    source = animation([0, 50, 60])
    bare = source.replace(b"\x21\xf9\x04\x00\x00\x00\x00\x00", b"", 1)
    mended = with_delays_of(bare, source)
    assert timing(mended)[0] == timing(source)[0]
    assert mended.count(b"\x21\xf9\x04") == 3


def test_a_rewritten_block_gets_the_sources_delay_and_keeps_all_else() -> None:
    source, other = animation([2_570, 0, 130]), animation([50, 3_000, 10])
    mended = with_delays_of(other, source)
    assert timing(mended)[0] == timing(source)[0] == [2_570, 0, 130]
    assert len(mended) == len(other)
    changed = {at for at in range(len(mended)) if mended[at] != other[at]}
    blocks = [found.start() for found in re.finditer(rb"\x21\xf9\x04", other)]
    assert changed <= {at + place for at in blocks for place in (4, 5)}


def test_delays_are_left_alone_where_the_numbers_of_frames_differ() -> None:
    assert with_delays_of(animation([50, 60]), animation([70, 80, 90])) == animation([50, 60])


def test_a_still_gif_with_transparency_keeps_it() -> None:
    image = photo(120, 90).convert("P", palette=Image.Palette.ADAPTIVE, colors=200)
    image.info["transparency"] = 3
    buffer = io.BytesIO()
    image.save(buffer, "GIF", transparency=3)
    source = buffer.getvalue()
    result = optimize(source, Options())
    data = result.output.data if result.output else source
    before, after = (np.asarray(opened(file).convert("RGBA"))[..., 3] for file in (source, data))
    assert np.array_equal(before, after)


def test_a_conversion_to_webp_keeps_the_animation() -> None:
    result = optimize(animation(), Options(target_format=Format.WEBP))
    assert result.output is not None
    assert frame_count(opened(result.output.data)) == len(DELAYS)


def test_a_conversion_to_avif_says_no_rather_than_lose_frames() -> None:
    with pytest.raises(Refused) as refusal:
        optimize(animation(), Options(target_format=Format.AVIF))
    assert refusal.value.reason is Reason.UNSUPPORTED_CONVERSION


def test_frames_times_canvas_is_bounded_before_anything_is_decoded() -> None:
    with pytest.raises(Refused) as refusal:
        optimize(animation(), Options(), Limits(max_frame_pixels=40_000))
    assert refusal.value.reason is Reason.TOO_LARGE
