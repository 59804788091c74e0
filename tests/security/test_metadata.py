"""Test that a photo's location is removed unless its sender keeps it."""

from __future__ import annotations

import io

import pytest
from PIL import ExifTags, Image

from leanpix_engine import Format, Options, optimize
from leanpix_engine.model import ALL_METADATA
from tests.images import make_photo

PLACE = "SomewhereSecret"


def photo(kind: str) -> bytes:
    """Return a photo that says where it was taken: in EXIF and in XMP."""
    tags = Image.Exif()
    tags[ExifTags.Base.ImageDescription] = PLACE
    tags.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = PLACE.encode()
    buffer = io.BytesIO()
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{PLACE}</x:xmpmeta>".encode()
    options = {"quality": 95} if kind != "PNG" else {"compress_level": 1}
    make_photo(width=96, height=64).save(buffer, kind, exif=tags, xmp=xmp, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("target", [None, Format.WEBP])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_is_gone(kind: str, target: Format | None) -> None:
    source = photo(kind)
    assert PLACE.encode() in source
    result = optimize(source, Options(target_format=target, also=(Format.WEBP,)))
    for output in (result.output, *result.also):
        if output is not None:
            assert PLACE.encode() not in output.data
            with Image.open(io.BytesIO(output.data)) as opened:
                assert not opened.getexif().get_ifd(ExifTags.IFD.GPSInfo)


def test_the_place_stays_where_it_was_asked_for() -> None:
    result = optimize(photo("JPEG"), Options(keep=ALL_METADATA))
    assert result.output is not None
    assert PLACE.encode() in result.output.data
