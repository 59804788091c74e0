"""Metadata that was not asked for goes, however little that saves."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from leanpix_engine import Level, Options, optimize
from leanpix_engine.errors import Refused
from leanpix_engine.formats.registry import header_of
from leanpix_engine.formats.sniff import sniff
from leanpix_engine.model import ALL_METADATA
from tests.engine.conftest import opened, photo, saved

SECRET = b"GPS of a home"
EVERY_SAVING_IS_TOO_SMALL = 0.99


def _exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = orientation
    return exif.tobytes()


def _file(kind: str) -> bytes:
    image = photo(96, 64)
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", SECRET.decode())
        return saved(image, "PNG", pnginfo=text, exif=_exif())
    if kind == "GIF":
        return saved(image.convert("P"), "GIF", comment=SECRET)
    if kind == "JPEG":
        return saved(image, "JPEG", exif=_exif(), comment=SECRET, quality=80)
    return saved(image, kind, exif=_exif(), quality=60)


KINDS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_SOURCES = {kind: _file(kind) for kind in KINDS}
_ORIENTATION_BYTES = 64
"""More than what the smallest EXIF takes that holds an orientation alone."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", list(Level))
def test_it_goes_from_a_file_that_cannot_be_made_smaller(kind: str, level: Level) -> None:
    source = _file(kind)
    assert SECRET in source
    options = Options(level=level, min_saving=EVERY_SAVING_IS_TOO_SMALL)
    output = optimize(source, options).output
    assert output is not None
    assert SECRET not in output.data
    assert len(output.data) <= len(source)


@pytest.mark.parametrize("kind", KINDS)
def test_without_metadata_a_file_shows_the_same(kind: str) -> None:
    source = _file(kind)
    clean = header_of(sniff(source)).without_metadata(source)
    assert SECRET not in clean
    assert np.array_equal(np.asarray(opened(clean)), np.asarray(opened(source)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_metadata_is_left_as_it_is(kind: str) -> None:
    source = saved(photo(96, 64).convert("P") if kind == "GIF" else photo(96, 64), kind)
    assert header_of(sniff(source)).without_metadata(source) == source


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_orientation_stays_where_its_exif_goes(kind: str) -> None:
    source = saved(photo(96, 64), kind, exif=_exif(orientation=6))
    clean = header_of(sniff(source)).without_metadata(source)
    assert SECRET not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.getexif()[0x0112] == 6


def test_it_stays_where_it_was_asked_for() -> None:
    source = _file("JPEG")
    result = optimize(source, Options(keep=ALL_METADATA, min_saving=EVERY_SAVING_IS_TOO_SMALL))
    assert result.output is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_anywhere_is_read_or_refused(kind: str) -> None:
    source = _file(kind)
    header = header_of(sniff(source))
    for length in range(32, len(source), max(1, len(source) // 400)):
        with suppress(Refused):
            assert len(header.without_metadata(source[:length])) <= length + _ORIENTATION_BYTES


@pytest.mark.parametrize("kind", KINDS)
@given(changes=st.dictionaries(st.integers(16, 600), st.integers(0, 255), max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_read_or_refused(kind: str, changes: dict[int, int]) -> None:
    source = bytearray(_SOURCES[kind])
    for at, value in changes.items():
        source[at % len(source)] = value
    with suppress(Refused):
        header_of(sniff(_SOURCES[kind])).without_metadata(bytes(source))


@pytest.mark.parametrize("box", [b"iinf", b"iloc"])
@pytest.mark.parametrize("length", range(9))
def test_an_avif_whose_boxes_are_too_short_is_read_or_refused(box: bytes, length: int) -> None:
    source = _SOURCES["AVIF"]
    at = source.index(box) - 4
    short = source[:at] + (8 + length).to_bytes(4, "big") + source[at + 4 : at + 8 + length]
    with suppress(Refused):
        header_of(sniff(source)).without_metadata(short)
