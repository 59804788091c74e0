"""Test the estimate of what a source has lost, from the file and its pixels alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skimage
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leanpix_engine.errors import Refused
from leanpix_engine.formats.avif import codec as avif
from leanpix_engine.formats.avif import quantizer as avif_quantizer
from leanpix_engine.formats.gif import codec as gif
from leanpix_engine.formats.history.lattice import STANDARD_LUMA, find_lattice
from leanpix_engine.formats.history.loss import PRISTINE, SPENT
from leanpix_engine.formats.jpeg import codec as jpeg
from leanpix_engine.formats.png import codec as png
from leanpix_engine.formats.webp import codec as webp
from leanpix_engine.formats.webp import quantizer as webp_quantizer
from leanpix_engine.limits import Limits
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.vips import pyvips
from tests.engine.conftest import opened, saved

DATA = Path(skimage.__file__).parent / "data"
PHOTOS = ("chelsea.png", "coffee.png", "astronaut.png")
FAR_OFF = 5.0
FAR_OFF_AFTER_A_TRELLIS = 8.0
"""Coefficients that a trellis made zero lie beyond what rounding would."""


def _photo(name: str) -> Image.Image:
    return Image.open(DATA / name).convert("RGB")


def _reduced(photo: Image.Image, colours: int) -> bytes:
    return saved(photo.quantize(colours), "GIF")


@pytest.mark.parametrize(("colours", "score"), [(32, SPENT), (128, SPENT), (256, PRISTINE)])
def test_a_gif_of_a_photo_in_few_colours_is_spent(colours: int, score: float) -> None:
    source = _reduced(_photo("chelsea.png"), colours)
    assert gif.source_score(source, gif.decode(source, Limits())) == score


def test_a_gif_that_is_drawn_has_few_colours_by_nature() -> None:
    image = Image.new("RGB", (96, 96), "#204060")
    for step in range(40):
        image.paste((step * 6, 200 - step, 90), (step, step * 2, step + 20, step * 2 + 9))
    source = _reduced(image, 64)
    assert gif.source_score(source, gif.decode(source, Limits())) == PRISTINE


def _rgb(image: Image.Image | bytes) -> np.ndarray:
    image = opened(image) if isinstance(image, bytes) else image
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))


def _mozjpeg(image: Image.Image, quality: int) -> bytes:
    save = pyvips.Image.new_from_array(_rgb(image)).jpegsave_buffer
    return bytes(save(Q=quality, trellis_quant=True, quant_table=3, interlace=True))


def _libjpeg(image: Image.Image, quality: int) -> bytes:
    return saved(image, "JPEG", quality=quality)


@pytest.mark.parametrize(
    ("encode", "far_off"), [(_libjpeg, FAR_OFF), (_mozjpeg, FAR_OFF_AFTER_A_TRELLIS)]
)
@pytest.mark.parametrize("quality", [70, 82, 92])
@pytest.mark.parametrize("name", PHOTOS)
def test_a_jpeg_is_estimated_near_its_true_score(
    name: str, quality: int, encode: Callable[[Image.Image, int], bytes], far_off: float
) -> None:
    original = _photo(name)
    source = encode(original, quality)
    true = Reference(_rgb(original)).score(_rgb(source))
    estimate = jpeg.source_score(source, jpeg.decode(source, Limits()))
    assert estimate == pytest.approx(true, abs=far_off)


@pytest.mark.parametrize("side", [48, 64, 128])
@pytest.mark.parametrize("name", PHOTOS)
def test_a_small_jpeg_is_estimated_by_its_tables(name: str, side: int) -> None:
    small = _photo(name).resize((side, side))
    found = [
        jpeg.source_score(source, jpeg.decode(source, Limits()))
        for source in (_libjpeg(small, quality) for quality in (60, 80, 95))
    ]
    assert found == pytest.approx([65.2, 76.9, 92.6], abs=1.0)


@pytest.mark.parametrize("name", PHOTOS)
def test_a_jpeg_saved_again_finely_shows_its_coarse_past(name: str) -> None:
    coarse = opened(_libjpeg(_photo(name), 70))
    source = _libjpeg(coarse, 95)
    fine = _libjpeg(_photo(name), 95)
    estimate, of_fine = (
        jpeg.source_score(data, jpeg.decode(data, Limits())) for data in (source, fine)
    )
    assert of_fine - estimate > 8
    assert estimate < Reference(_rgb(_photo(name))).score(_rgb(source)) + FAR_OFF


@pytest.mark.parametrize("quality", [60, 75, 85])
def test_pixels_tell_the_tables_of_the_jpeg_that_they_were(quality: int) -> None:
    source = opened(_libjpeg(_photo("coffee.png"), quality))
    lattice = find_lattice(_rgb(source))
    assert lattice is not None
    # libjpeg's scale of its tables: 5000 / q below 50, 200 - 2 q above.
    assert lattice.coarseness() == pytest.approx((200 - 2 * quality) / 100, rel=0.06)
    assert lattice.steps[0, 1] == round(STANDARD_LUMA[0, 1] * (200 - 2 * quality) / 100)


@pytest.mark.parametrize("name", PHOTOS)
def test_pixels_that_never_were_a_jpeg_show_none(name: str) -> None:
    assert find_lattice(_rgb(_photo(name))) is None


def test_a_jpeg_cropped_off_its_grid_shows_none() -> None:
    assert find_lattice(_rgb(opened(_libjpeg(_photo("coffee.png"), 75)))[3:, 5:]) is None


@pytest.mark.parametrize("name", PHOTOS)
def test_a_photo_as_png_is_pristine(name: str) -> None:
    source = saved(_photo(name), "PNG")
    assert png.source_score(source, png.decode(source, Limits())) == PRISTINE


def test_a_png_made_of_a_jpeg_has_lost_what_the_jpeg_lost() -> None:
    original = _photo("coffee.png")
    decoded = opened(_libjpeg(original, 75))
    source = saved(decoded, "PNG")
    true = Reference(_rgb(original)).score(_rgb(decoded))
    estimate = png.source_score(source, png.decode(source, Limits()))
    assert estimate == pytest.approx(true, abs=2 * FAR_OFF)


@pytest.mark.parametrize(
    "reduced",
    [
        _photo("coffee.png").quantize(128),
        _photo("coffee.png").point(lambda value: value & 0xF0),
    ],
    ids=["indexed", "posterized"],
)
def test_a_png_of_reduced_colours_leaves_nothing_to_take(reduced: Image.Image) -> None:
    source = saved(reduced, "PNG")
    assert png.source_score(source, png.decode(source, Limits())) == SPENT


@pytest.mark.parametrize(("quality", "low", "high"), [(80, 68, 81), (90, 80, 87), (95, 85, 90)])
@pytest.mark.parametrize("name", PHOTOS)
def test_a_lossy_webp_is_estimated_by_its_quantizer(
    name: str, quality: int, low: float, high: float
) -> None:
    source = saved(_photo(name), "WEBP", quality=quality)
    assert low < webp.source_score(source, webp.decode(source, Limits())) < high


def test_a_lossless_webp_of_a_photo_is_pristine() -> None:
    source = saved(_photo("coffee.png"), "WEBP", lossless=True)
    assert webp_quantizer.read_quantizer(source) is None
    assert webp.source_score(source, webp.decode(source, Limits())) == PRISTINE


def test_the_quantizer_of_a_webp_falls_as_its_quality_rises() -> None:
    read = [
        webp_quantizer.read_quantizer(saved(_photo("coffee.png"), "WEBP", quality=quality))
        for quality in (10, 40, 70, 90, 99)
    ]
    assert read == sorted(read, key=lambda value: -(value or 0))
    assert len(set(read)) == len(read)


@pytest.mark.parametrize(("quality", "index"), [(50, 148), (80, 60), (90, 32)])
def test_the_quantizer_of_an_avif_is_that_of_libavifs_quality(quality: int, index: int) -> None:
    source = saved(_photo("coffee.png"), "AVIF", quality=quality, speed=10)
    assert avif_quantizer.read_quantizer(source) == index


def test_an_avif_is_estimated_by_its_quantizer() -> None:
    source = saved(_photo("coffee.png"), "AVIF", quality=60, speed=10)
    assert 70 < avif.source_score(source, avif.decode(source, Limits())) < 80


@given(cut=st.integers(0, 400), at=st.integers(0, 400), flip=st.integers(1, 255))
def test_damaged_headers_are_refused_or_not_read(cut: int, at: int, flip: int) -> None:
    for kind, read in (
        ("WEBP", webp_quantizer.read_quantizer),
        ("AVIF", avif_quantizer.read_quantizer),
    ):
        data = bytearray(saved(Image.new("RGB", (40, 40), (9, 99, 199)), kind))
        data[at % len(data)] ^= flip
        try:
            value = read(bytes(data[: len(data) - cut % len(data)]))
        except Refused:
            continue
        assert value is None or 0 <= value <= 255
