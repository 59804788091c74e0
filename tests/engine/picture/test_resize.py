"""Test fitting into a box."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from leanpix_engine import Format, Level, Options, Reason, Refused, optimize
from leanpix_engine.formats.jpeg import codec as jpeg
from leanpix_engine.formats.registry import codec_of
from leanpix_engine.formats.webp import codec as webp
from leanpix_engine.judge.judge import Judge
from leanpix_engine.limits import Limits
from leanpix_engine.picture.decode import decode
from leanpix_engine.picture.geometry import fitted
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.resize import resize, shrink_while_decoding
from tests.engine.conftest import opened, photo, pixels, saved

sides = st.integers(1, 5000)


@given(sides, sides, st.none() | sides, st.none() | sides)
def test_it_fits_keeps_the_aspect_and_never_enlarges(
    width: int, height: int, max_width: int | None, max_height: int | None
) -> None:
    new_width, new_height = fitted(width, height, max_width, max_height)
    assert 1 <= new_width <= min(width, max_width or width)
    assert 1 <= new_height <= min(height, max_height or height)
    scale = min(1, (max_width or width) / width, (max_height or height) / height)
    assert abs(new_width - width * scale) <= 1
    assert abs(new_height - height * scale) <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("options", "size"),
    [
        (Options(max_width=100), (100, 75)),
        (Options(max_height=60), (80, 60)),
        (Options(max_width=100, max_height=30), (40, 30)),
    ],
)
def test_an_image_is_made_to_fit(kind: str, options: Options, size: tuple[int, int]) -> None:
    output = optimize(saved(photo(), kind), options).output
    assert output is not None
    assert (output.width, output.height) == size == opened(output.data).size
    assert output.format is Format[kind]


def test_a_box_larger_than_the_image_changes_nothing(photo_jpeg: bytes) -> None:
    assert optimize(photo_jpeg, Options(max_width=9999)).width == 320


def test_the_box_is_for_the_image_as_it_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    output = optimize(saved(photo(200, 100), exif=exif), Options(max_width=50)).output
    assert output is not None
    assert ImageOps.exif_transpose(opened(output.data)).size == (50, 100)


def test_what_is_transparent_does_not_bleed_into_what_is_seen() -> None:
    """Red that nobody sees must not tint the green beside it."""
    image = Image.new("RGBA", (200, 200), (255, 0, 0, 0))
    image.paste((0, 255, 0, 255), (100, 0, 200, 200))
    output = optimize(saved(image, "PNG"), Options(max_width=50)).output
    assert output is not None
    small = np.asarray(opened(output.data).convert("RGBA")).astype(int)
    seen = small[small[..., 3] > 128]
    assert seen[:, 0].max() < 40


def test_it_looks_like_a_good_reduction(photo_jpeg: bytes) -> None:
    output = optimize(photo_jpeg, Options(max_width=160)).output
    assert output is not None
    expected = opened(photo_jpeg).resize((160, 120), Image.Resampling.LANCZOS)
    assert np.abs(pixels(output.data) - pixels(expected)).mean() < 6


@pytest.mark.parametrize("options", [{"max_width": 100}, {"max_width": 100, "max_height": 20}])
def test_a_lossless_jpeg_is_resized_without_visible_loss(
    photo_jpeg: bytes, options: dict[str, Any]
) -> None:
    """Its pixels are new anyway, and JPEG has no lossless form for them."""
    output = optimize(photo_jpeg, Options(level=Level.LOSSLESS, **options)).output
    assert output is not None
    assert output.score is not None
    assert output.score >= 89.5


@pytest.fixture(scope="module")
def large_photo() -> Image.Image:
    return photo(600, 440).resize((2400, 1760), Image.Resampling.BICUBIC)


@pytest.fixture
def shrinks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the factors by which pictures were made smaller while they were decoded."""
    made: list[int] = []

    def noted(source: bytes, loader: str, **settings: Any) -> Picture:
        shrink = settings.get("shrink") or round(1 / settings.get("scale", 1))
        if shrink > 1:
            made.append(shrink)
        return decode(source, loader, **settings)

    monkeypatch.setattr(jpeg, "decode_by_vips", noted)
    monkeypatch.setattr(webp, "decode_by_vips", noted)
    return made


@given(sides, sides, st.none() | sides, st.none() | sides)
def test_a_decoder_leaves_at_least_twice_what_is_asked_for(
    width: int, height: int, max_width: int | None, max_height: int | None
) -> None:
    new_width, new_height = fitted(width, height, max_width, max_height)
    shrink = shrink_while_decoding(width, height, (new_width, new_height))
    assert shrink in (1, 2, 4, 8)
    if shrink > 1:
        assert width % shrink == height % shrink == 0
        assert width // shrink >= 2 * new_width
        assert height // shrink >= 2 * new_height


@pytest.mark.parametrize("kind", [Format.JPEG, Format.WEBP])
@pytest.mark.parametrize(("max_width", "shrink"), [(600, 2), (300, 4), (149, 8)])
def test_a_photo_made_smaller_while_decoding_looks_the_same(
    large_photo: Image.Image, kind: Format, max_width: int, shrink: int
) -> None:
    source = saved(large_photo, kind.name, quality=92)
    size = fitted(2400, 1760, max_width, None)
    assert shrink_while_decoding(2400, 1760, size) == shrink
    codec = codec_of(kind)
    whole = resize(codec.decode(source, Limits()), *size)
    judge = Judge(whole, lambda data: codec.decode(data, Limits()), 90.0, exact=False)
    assert judge.score(resize(codec.decode(source, Limits(), shrink), *size)) >= 90


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_thumbnail_of_a_large_photo_has_the_size_asked_for(
    large_photo: Image.Image, shrinks: list[int], kind: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = optimize(saved(large_photo, kind, exif=exif), Options(max_height=150))
    assert shrinks == [8]
    assert result.output is not None
    assert (result.width, result.height) == (1760, 2400)
    assert opened(result.output.data).size == (110, 150)


def test_what_has_to_stay_is_decoded_whole(large_photo: Image.Image, shrinks: list[int]) -> None:
    source = saved(large_photo)
    optimize(source, Options(max_width=150, level=Level.LOSSLESS))
    optimize(saved(large_photo.convert("RGBA"), "PNG"), Options(max_width=150))
    assert not shrinks


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_large_photo_that_is_cut_off_is_refused_at_any_size(
    large_photo: Image.Image, kind: str, share: float
) -> None:
    source = saved(large_photo, kind)
    with pytest.raises(Refused) as refused:
        optimize(source[: int(share * len(source))], Options(max_width=150))
    assert refused.value.reason is Reason.CORRUPT_IMAGE


def test_the_limits_hold_for_the_size_before_shrinking(large_photo: Image.Image) -> None:
    with pytest.raises(Refused) as refused:
        optimize(saved(large_photo), Options(max_width=150), Limits(max_pixels=4_000_000))
    assert refused.value.reason is Reason.TOO_LARGE
