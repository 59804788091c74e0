"""Test that an HDR photo's gain map is kept whole, or the file is left alone."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.formats.jpeg import gain_map
from tests.engine.conftest import photo, saved

# Pillow wants more of an index than sizes and offsets; browsers and phones do not.
pytestmark = pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")

SIGN = b"http://ns.adobe.com/hdr-gain-map/1.0/"
XMP = b"http://ns.adobe.com/xap/1.0/\x00<x hdrgm='" + SIGN + b"'/>"


def segment(marker: int, payload: bytes) -> bytes:
    """Return a marker segment."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def hdr_photo() -> bytes:
    """Return a base image and a gain map behind it, which the base names by size and offset."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6
    base = saved(photo(), quality=95, exif=exif)
    extra = saved(photo(80, 60).convert("L"), quality=80)
    tiff = b"MM\x00\x2a" + struct.pack(">IH", 8, 1) + struct.pack(">HHII", 0xB002, 7, 32, 26)
    tiff += struct.pack(">I", 0)
    head = base[:2] + segment(0xE1, XMP)
    length = len(head) + len(base) - 2 + len(segment(0xE2, b"MPF\x00" + tiff + bytes(32)))
    index_at = len(head) + 8
    entries = struct.pack(">IIIHH", 0x030000, length, 0, 0, 0)
    entries += struct.pack(">IIIHH", 0, len(extra), length - index_at, 0, 0)
    return head + segment(0xE2, b"MPF\x00" + tiff + entries) + base[2:] + extra


@pytest.mark.parametrize("level", list(Level))
def test_the_map_stays_and_the_base_keeps_its_pixels(level: Level) -> None:
    source = hdr_photo()
    result = optimize(source, Options(level=level))
    assert result.output is not None
    before, after = (images(data) for data in (source, result.output.data))
    assert len(before) == len(after) == 2
    assert after[1] == before[1]
    assert np.array_equal(decoded(before[0]), decoded(after[0]))


def test_what_describes_the_map_stays_and_the_rest_of_the_metadata_goes() -> None:
    output = optimize(hdr_photo()).output
    assert output is not None
    assert SIGN in output.data
    assert b"taken at home" not in output.data
    assert Image.open(io.BytesIO(output.data)).getexif()[0x0112] == 6


def test_a_file_whose_index_lies_is_left_alone() -> None:
    source = hdr_photo()
    result = optimize(source[:-200])
    assert result.output is None
    assert result.reason == "gain_map_kept"


def test_resized_or_converted_it_becomes_its_base_image() -> None:
    for options in (Options(max_width=100), Options(target_format=Format.WEBP)):
        output = optimize(hdr_photo(), options).output
        assert output is not None
        assert SIGN not in output.data


def images(data: bytes) -> list[bytes]:
    """Return the files that the index names."""
    index = gain_map.index_of(data)
    assert index is not None
    return [data[at : at + length] for length, at in index.images]


def decoded(data: bytes) -> np.ndarray:
    """Return the pixels of one file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_private_metadata_goes_from_a_file_that_cannot_be_made_smaller() -> None:
    source = hdr_photo()
    position = b" exif:GPSLatitude='48,51.5N'"
    described = source.replace(b"<x hdrgm", b"<x" + position + b" hdrgm")
    described = moved_by(described, len(position))
    result = optimize(described, Options(level=Level.LOSSLESS, min_saving=0.99))
    assert result.output is not None
    assert b"taken at home" not in result.output.data
    assert b"GPSLatitude" not in result.output.data
    assert SIGN in result.output.data
    before, after = (images(data) for data in (source, result.output.data))
    assert after[1] == before[1]
    assert np.array_equal(decoded(before[0]), decoded(after[0]))


def moved_by(data: bytes, bytes_: int) -> bytes:
    """Return the file with the sizes set right after its first segment grew."""
    out = bytearray(data)
    (length,) = struct.unpack_from(">H", out, 4)
    struct.pack_into(">H", out, 4, length + bytes_)
    entries = out.index(b"MPF\x00") + 4 + 32
    (size,) = struct.unpack_from(">I", out, entries + 4)
    struct.pack_into(">I", out, entries + 4, size + bytes_)
    return bytes(out)
