"""Test the calls of libaom: what it promises to show, its files, and life without it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from leanpix_engine import Format, Options, optimize
from leanpix_engine.formats.avif import aom
from leanpix_engine.formats.avif.still import file_of
from leanpix_engine.picture.picture import Mode, Picture
from tests.engine.conftest import opened, photo, saved

pytestmark = pytest.mark.skipif(
    not aom.available(), reason="a machine that `layers/aom.py` has no library for"
)
TO_AVIF = Options(target_format=Format.AVIF)
OPTIONS = {"cq-level": "25", "cpu-used": "9", "tune": "ssimulacra2"}


def exactly_decoded(data: bytes) -> aom.Rgb:
    """Return what libvips shows, in 8 bits."""
    pixels = pyvips.Image.new_from_buffer(data, "").numpy()
    top = 65535 if pixels.max() > 1023 else 1023
    scaled = pixels * (255 / top) if pixels.dtype == np.uint16 else pixels
    return np.asarray(np.rint(scaled).astype(np.uint8))


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 5), (64, 65), (200, 131)])
def test_the_encoder_tells_what_a_decoder_shows(size: tuple[int, int], bits: int) -> None:
    pixels = np.asarray(photo(*size))
    encoded = aom.encode(aom.planes_of(pixels, bits), bits, OPTIONS)
    data = file_of(encoded.data, Picture(frames=pixels[None], mode=Mode.RGB, alpha=False), bits)
    shown = exactly_decoded(data).astype(int)
    # libvips hands ten bits on as such, so that each of us rounds once.
    assert np.abs(shown - encoded.shown).max() <= (0 if bits == 8 else 1)
    assert opened(data).size == size


@pytest.mark.parametrize("bits", [8, 10])
def test_colours_survive_the_way_to_planes_and_back(bits: int) -> None:
    levels = np.arange(0, 256, 5, dtype=np.uint8)
    pixels = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(52, -1, 3)
    lossless = {"cq-level": "0", "cpu-used": "9", "lossless": "1"}
    shown = aom.encode(aom.planes_of(pixels, bits), bits, lossless).shown.astype(int)
    assert np.abs(shown - pixels).max() <= (2 if bits == 8 else 0)


def test_an_unknown_option_is_an_error() -> None:
    planes = aom.planes_of(np.zeros((16, 16, 3), np.uint8), 8)
    with pytest.raises(aom.AomError, match="no-such-option"):
        aom.encode(planes, 8, {**OPTIONS, "no-such-option": "1"})


def test_a_profile_and_metadata_come_along() -> None:
    exif = Image.Exif()
    exif[0x8298] = "somebody"  # copyright, EXIF 2.32
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = photo(160, 120)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=97, exif=exif.tobytes(), icc_profile=profile)
    pixels = np.asarray(picture)[None]
    kept = Picture(
        frames=pixels, mode=Mode.RGB, alpha=False, icc=profile, exif=exif.tobytes(), xmp=b"<x/>"
    )
    encoded = aom.encode(aom.planes_of(pixels[0], 10), 10, OPTIONS)
    image = opened(file_of(encoded.data, kept, 10))
    assert image.info["icc_profile"] == profile
    assert image.getexif()[0x8298] == "somebody"
    assert image.info["xmp"] == b"<x/>"


def test_without_libaom_libvips_makes_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    source = saved(photo(160, 120), "PNG")
    ours = optimize(source, TO_AVIF).output
    monkeypatch.setattr(aom, "available", lambda: False)
    theirs = optimize(source, TO_AVIF).output
    assert ours is not None
    assert theirs is not None
    assert theirs.score is not None
    assert theirs.score >= 76.5
    assert ours.data != theirs.data


def test_another_version_of_libaom_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aom, "_VERSION", b"4.")
    aom._library.cache_clear()
    try:
        assert not aom.available()
    finally:
        aom._library.cache_clear()
