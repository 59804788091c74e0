"""Test the limit in bytes: the best look that fits, or a clear refusal."""

from __future__ import annotations

import pytest
from PIL import Image
from skimage import data as skimage_data

from leanpix_engine import Format, Level, Options, Reason, Refused, optimize
from leanpix_engine.format import TARGETS
from tests.engine.conftest import opened, saved

PHOTO = Image.fromarray(skimage_data.astronaut())  # type: ignore[no-untyped-call]  # skimage types none
SOURCE = saved(PHOTO, "JPEG", quality=95)


def size_at_medium(target: Format) -> int:
    """Return the bytes of the photo at medium."""
    output = optimize(SOURCE, Options(target_format=target)).output
    assert output is not None
    return len(output.data)


@pytest.mark.parametrize("target", [Format.JPEG, Format.WEBP, Format.AVIF])
@pytest.mark.parametrize("share", [0.8, 0.4])
def test_the_file_fills_what_it_may_have(target: Format, share: float) -> None:
    most = round(share * size_at_medium(target))
    output = optimize(SOURCE, Options(target_format=target, max_bytes=most)).output
    assert output is not None
    assert 0.95 * most <= len(output.data) <= most
    assert opened(output.data).size == PHOTO.size


def test_a_png_fits_too() -> None:
    most = round(0.7 * size_at_medium(Format.PNG))
    output = optimize(SOURCE, Options(target_format=Format.PNG, max_bytes=most)).output
    assert output is not None
    assert len(output.data) <= most


def test_more_bytes_look_better() -> None:
    outputs = [optimize(SOURCE, Options(max_bytes=most)).output for most in (20_000, 14_000)]
    scores = [output.score for output in outputs if output and output.score]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 2


def test_a_limit_that_does_not_bind_changes_next_to_nothing() -> None:
    free, bound = (optimize(SOURCE, Options(max_bytes=most)).output for most in (None, 400_000))
    assert free is not None
    assert bound is not None
    assert len(bound.data) == pytest.approx(len(free.data), rel=0.01)


def test_a_lossless_request_that_does_not_fit_loses_as_little_as_it_may() -> None:
    most = len(SOURCE) // 2
    output = optimize(SOURCE, Options(level=Level.LOSSLESS, max_bytes=most)).output
    assert output is not None
    assert len(output.data) <= most
    assert output.score is not None
    assert output.score > 77


def test_a_resized_image_fits_too() -> None:
    output = optimize(SOURCE, Options(long_edge=200, max_bytes=5_000)).output
    assert output is not None
    assert len(output.data) <= 5_000
    assert opened(output.data).size == (200, 200)


@pytest.mark.parametrize("target", TARGETS)
def test_what_cannot_fit_is_refused_with_a_reason(target: Format) -> None:
    with pytest.raises(Refused) as refused:
        optimize(SOURCE, Options(target_format=target, max_bytes=900))
    assert refused.value.reason is Reason.CANNOT_FIT
    assert "bytes" in refused.value.text


def test_what_was_squeezed_is_not_taken_for_what_its_level_says() -> None:
    """The mark says what the file reached, so that a later request loses nothing more."""
    output = optimize(SOURCE, Options(max_bytes=14_000)).output
    assert output is not None
    again = optimize(output.data, Options(level=Level.MEDIUM))
    assert again.output is None
    assert again.reason == "already_optimized"


def test_our_own_output_that_is_too_large_is_made_smaller() -> None:
    first = optimize(SOURCE, Options()).output
    assert first is not None
    again = optimize(first.data, Options(max_bytes=20_000)).output
    assert again is not None
    assert len(again.data) <= 20_000
