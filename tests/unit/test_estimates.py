"""Test the estimate of an image's optimized size."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from leanpix.adapters.prober import EngineProber
from leanpix.domain.estimates import ImageFacts, estimate_bytes
from leanpix.domain.options import Compression, ImageOptions
from leanpix_engine.formats.jpeg.header import mean_quantizer
from tests.images import make_photo, make_photo_jpeg

PHOTO = make_photo_jpeg(width=320, height=200, quality=95)


def share(data: bytes, **options: Any) -> float:
    """Return the estimated share of its bytes that an image keeps."""
    facts = EngineProber().probe(data)
    return estimate_bytes(len(data), facts, ImageOptions(**options)) / len(data)


def test_a_lower_quality_is_told_to_be_smaller() -> None:
    shares = [share(PHOTO, quality=quality) for quality in (1, 30, 60, 90)]
    assert shares == sorted(shares)
    assert len(set(shares)) == 4


def test_what_was_stored_coarsely_has_less_to_give() -> None:
    shares = [
        share(make_photo_jpeg(width=320, height=200, quality=quality), quality=60)
        for quality in (98, 85, 70, 50)
    ]
    assert shares == sorted(shares)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
@pytest.mark.parametrize("quality", [1, 50, 100])
def test_it_is_never_more_than_there_is_and_never_nothing(kind: str, quality: int) -> None:
    buffer = io.BytesIO()
    make_photo(width=160, height=100).save(buffer, kind)
    assert 0 < share(buffer.getvalue(), quality=quality) <= 1


def test_what_is_no_image_keeps_its_size() -> None:
    assert EngineProber().probe(b"no image") is None
    assert estimate_bytes(8, None, ImageOptions(quality=80)) == 8


def test_lossless_is_told_to_keep_most() -> None:
    facts = EngineProber().probe(PHOTO)
    kept = estimate_bytes(len(PHOTO), facts, ImageOptions(compression=Compression.LOSSLESS))
    assert kept > estimate_bytes(len(PHOTO), facts, ImageOptions(compression=Compression.HIGH))


def test_an_empty_canvas_is_no_division_by_zero() -> None:
    facts = ImageFacts(format="jpg", content_type="image/jpeg", pixels=0)
    assert estimate_bytes(100, facts, ImageOptions(quality=80)) == 100


class TestQuantizer:
    def test_is_the_mean_of_the_brightness_table(self) -> None:
        table = Image.open(io.BytesIO(PHOTO)).quantization[0]  # type: ignore[attr-defined]  # Pillow's JPEG class has it
        assert mean_quantizer(PHOTO) == pytest.approx(sum(table) / 64)

    def test_grows_as_quality_falls(self) -> None:
        found = [
            mean_quantizer(make_photo_jpeg(width=64, height=64, quality=quality)) or 0
            for quality in (95, 80, 60, 30)
        ]
        assert found == sorted(found)

    @pytest.mark.parametrize(
        "data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xdb\x00", PHOTO[:30], b"\xff" * 500, bytes(99)]
    )
    def test_of_a_broken_file_is_nothing_or_a_number(self, data: bytes) -> None:
        assert (mean_quantizer(data) or 1.0) >= 1
