"""Test our encoder of lossy WebP: that it shows what libwebp decodes, and its container."""

from __future__ import annotations

import io
from dataclasses import replace
from importlib import import_module

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from leanpix_engine import Format, Options, native, optimize
from leanpix_engine.formats.webp import container, lossy
from leanpix_engine.formats.webp.design import DESIGN
from leanpix_engine.formats.webp.encoder import MOST_SIDE, Encoder
from leanpix_engine.limits import Deadline
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.picture.vips import pyvips
from tests.engine.conftest import opened, photo, saved, screenshot

pytestmark = pytest.mark.skipif(not native.available(), reason="the C is not compiled here")

Pixels = npt.NDArray[np.uint8]


def of(pixels: Pixels) -> Picture:
    return Picture(frames=pixels[np.newaxis], mode=Mode.RGB)


def file_of(encoder: Encoder, quality: float) -> bytes:
    return container.assembled(encoder.encode(quality), of(encoder.pixels), None)


def by_pillow(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def by_vips(data: bytes) -> Pixels:
    image = pyvips.Image.new_from_buffer(data, "")
    raw = np.frombuffer(image.write_to_memory(), np.uint8)
    return raw.reshape(image.height, image.width, image.bands)[..., :3]


def content(kind: str, height: int, width: int) -> Pixels:
    random = np.random.default_rng(height * 1000 + width)
    if kind == "noise":
        return random.integers(0, 256, (height, width, 3), np.uint8)
    if kind == "extremes":
        return random.choice(np.array([0, 255], np.uint8), (height, width, 3))
    if kind == "flat":
        return np.full((height, width, 3), random.integers(0, 256, 3), np.uint8)
    return np.asarray(photo(400, 300).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("kind", ["photo", "noise", "extremes", "flat"])
@pytest.mark.parametrize(
    "size",
    [(1, 1), (2, 3), (15, 17), (16, 16), (33, 1), (1, 50), (64, 65), (100, 131), (175, 240)],
)
def test_a_preview_is_what_libwebp_decodes_pixel_by_pixel(
    kind: str, size: tuple[int, int]
) -> None:
    encoder = Encoder(content(kind, *size))
    for quality in (0, 30, 61.5, 80, 93.25, 100):
        shown, data = encoder.preview(quality), file_of(encoder, quality)
        assert np.array_equal(shown, by_pillow(data))
        assert np.array_equal(shown, by_vips(data))


@pytest.mark.parametrize("level", [1, 14, 15, 39, 40, 63])
@pytest.mark.parametrize("sharpness", [0, 3, 7])
def test_a_preview_shows_the_loop_filter(level: int, sharpness: int) -> None:
    design = replace(DESIGN, filter_level=level, filter_from=-100, filter_sharpness=sharpness)
    encoder = Encoder(content("photo", 150, 201), design)
    assert np.array_equal(encoder.preview(40), by_pillow(file_of(encoder, 40)))


def test_a_quality_looks_the_same_after_others_were_tried() -> None:
    encoder = Encoder(content("photo", 120, 160))
    encoder.preview(50)
    encoder.preview(90)
    assert np.array_equal(encoder.preview(70), by_pillow(file_of(encoder, 70)))


@pytest.mark.parametrize("size", [(2, MOST_SIDE), (MOST_SIDE, 2)])
def test_the_longest_sides_are_coded(size: tuple[int, int]) -> None:
    encoder = Encoder(content("photo", *size))
    assert np.array_equal(encoder.preview(60), by_pillow(file_of(encoder, 60)))


def test_a_side_beyond_vp8s_is_refused() -> None:
    with pytest.raises(ValueError, match="VP8 has no frame"):
        Encoder(np.zeros((1, MOST_SIDE + 1, 3), np.uint8))


def test_the_modes_of_a_large_picture_fit_into_the_first_partition() -> None:
    encoder = Encoder(np.tile(content("noise", 650, 650), (4, 4, 1)))
    assert np.array_equal(encoder.preview(99), by_pillow(file_of(encoder, 99)))


def test_a_higher_quality_looks_better_and_takes_more_bytes() -> None:
    pixels = content("photo", 300, 400)
    encoder, reference = Encoder(pixels), Reference(pixels)
    found = [(reference.score(encoder.preview(q)), len(encoder.encode(q))) for q in (40, 65, 90)]
    assert found == sorted(found)


def test_a_photo_takes_a_tenth_less_than_by_libwebp_at_the_same_score() -> None:
    pixels = np.ascontiguousarray(import_module("skimage.data").chelsea())
    image = Image.fromarray(pixels)
    reference = Reference(pixels)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=80, method=4)
    score = reference.score(by_pillow(buffer.getvalue()))
    encoder = Encoder(pixels)
    quality = next(q for q in range(50, 101) if reference.score(encoder.preview(q)) >= score)
    assert len(file_of(encoder, quality)) < 0.9 * len(buffer.getvalue())


def test_saturated_edges_keep_their_lightness_where_it_is_asked_for() -> None:
    pixels = np.zeros((96, 96, 3), np.uint8)
    pixels[(np.indices((96, 96)).sum(axis=0) // 3) % 2 == 0] = (250, 20, 20)
    corrected = Encoder(pixels, replace(DESIGN, luma_correction=1.0)).preview(100)
    plain = Encoder(pixels, replace(DESIGN, luma_correction=0.0)).preview(100)
    reference = Reference(pixels)
    assert reference.score(corrected) > reference.score(plain)


def with_alpha() -> Pixels:
    colours = content("photo", 90, 121)
    ramp = np.clip(np.arange(121) * 4 - 100, 0, 255).astype(np.uint8)
    return np.concatenate([colours, np.tile(ramp[:, None], (90, 1, 1))], axis=-1)


def test_a_preview_with_alpha_is_what_libwebp_decodes_with_alpha_as_it_was() -> None:
    picture = Picture(frames=with_alpha()[np.newaxis], mode=Mode.RGB, alpha=True)
    ladder = lossy.ladder(picture, 77, Deadline(60), saturated=False)
    assert ladder.preview is not None
    decoded = np.asarray(opened(ladder.finish(ladder.encode(70), 70)))
    assert np.array_equal(ladder.preview(70).pixels, decoded)
    assert np.array_equal(decoded[..., 3], picture.pixels[..., 3])


def test_colours_under_no_alpha_are_made_smooth() -> None:
    pixels = with_alpha()
    pixels[:, :25, :3] = content("noise", 90, 25)
    shown = lossy.without_hidden_colours(pixels)
    assert np.array_equal(shown[pixels[..., 3] > 0], pixels[pixels[..., 3] > 0][:, :3])
    assert np.std(shown[:, :20]) < 70


def test_metadata_stands_in_chunks_of_its_own() -> None:
    picture = Picture(
        frames=content("photo", 20, 31)[np.newaxis],
        mode=Mode.RGB,
        icc=b"profile",
        exif=b"Exif\x00\x00II*\x00",
        xmp=b"<x/>",
    )
    data = container.assembled(Encoder(picture.pixels).encode(60), picture, b"alpha")
    found = list(container.chunks(data))
    assert [kind for kind, _ in found] == [b"VP8X", b"ICCP", b"ALPH", b"VP8 ", b"EXIF", b"XMP "]
    assert found[0][1] == bytes([0x3C, 0, 0, 0, 30, 0, 0, 19, 0, 0])
    assert dict(found)[b"EXIF"] == b"II*\x00"
    assert int.from_bytes(data[4:8], "little") == len(data) - 8


def test_a_screenshot_where_lossy_wins_holds_the_floor() -> None:
    noisy = np.asarray(screenshot(320, 240)).copy()
    noisy[60:200, 80:300] = content("photo", 140, 220)
    result = optimize(saved(Image.fromarray(noisy), "PNG"), Options(target_format=Format.WEBP))
    assert result.output is not None
    assert Reference(noisy).score(by_pillow(result.output.data)) >= 76.4
