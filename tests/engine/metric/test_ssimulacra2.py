"""Test the metric against the independent SSIMULACRA2 on PyPI."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ssimulacra2 import compute_ssimulacra2

from leanpix_engine.metric import ssimulacra2 as metric
from leanpix_engine.metric.sampling import Sample
from leanpix_engine.metric.ssimulacra2 import Reference
from tests.engine.conftest import opened, photo, saved, screenshot


def by_pypi(original: Image.Image, distorted: bytes, folder: Path) -> float:
    """Return the score by PyPI's implementation."""
    original.save(folder / "original.png")
    (folder / "distorted.jpg").write_bytes(distorted)
    return float(compute_ssimulacra2(str(folder / "original.png"), str(folder / "distorted.jpg")))


def by_us(original: Image.Image, distorted: bytes) -> float:
    """Return the score by the engine's metric."""
    return Reference(np.asarray(original)).score(np.asarray(opened(distorted).convert("RGB")))


@pytest.mark.parametrize("quality", [15, 40, 70, 85, 95])
@pytest.mark.parametrize("picture", [photo(), screenshot(), photo(301, 227), photo(97, 61)])
def test_scores_agree_with_the_reference_within_a_tenth(
    picture: Image.Image, quality: int, tmp_path: Path
) -> None:
    distorted = saved(picture, quality=quality)
    assert by_us(picture, distorted) == pytest.approx(
        by_pypi(picture, distorted, tmp_path), abs=0.1
    )


def test_an_identical_image_scores_100() -> None:
    image = np.asarray(photo())
    assert Reference(image).score(image) == 100


def test_more_damage_scores_lower() -> None:
    image = photo()
    scores = [by_us(image, saved(image, quality=quality)) for quality in (95, 80, 60, 30, 10)]
    assert scores == sorted(scores, reverse=True)


def test_images_of_different_size_are_not_compared() -> None:
    with pytest.raises(ValueError, match="sizes differ"):
        Reference(np.asarray(photo())).score(np.asarray(photo(100, 100)))


def test_it_is_ten_times_faster_than_the_reference(tmp_path: Path) -> None:
    image = photo(640, 480)
    distorted = saved(image, quality=70)
    other = np.asarray(opened(distorted).convert("RGB"))
    reference = Reference(np.asarray(image))
    reference.score(other)
    ours = min(_cpu_seconds(lambda: reference.score(other)) for _ in range(3))
    theirs = _cpu_seconds(lambda: by_pypi(image, distorted, tmp_path))
    assert ours * 10 < theirs


def _cpu_seconds(action: Callable[[], object]) -> float:
    started = time.process_time()
    action()
    return time.process_time() - started


def test_a_sampled_score_of_a_large_image_is_near_the_full_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Above the limit the finest scales come from tiles; both ways are measured on one image."""
    image = photo(2100, 1600)
    original = np.asarray(image)
    buffer = io.BytesIO(saved(image, quality=75))
    distorted = np.asarray(Image.open(buffer).convert("RGB"))
    sampled = Reference(original).score(distorted)
    monkeypatch.setattr(metric, "SAMPLED_ABOVE_PIXELS", 10**9)
    assert sampled == pytest.approx(Reference(original).score(distorted), abs=0.5)


def test_tiles_stand_for_the_whole_image_and_lie_on_the_encoders_grid() -> None:
    original = np.asarray(photo(2100, 1600))
    sample = Sample.chosen(original)
    assert sample is not None
    assert np.mean(sample.weights) == pytest.approx(1)
    assert all(top % 16 == 0 and left % 16 == 0 for top, left in sample.corners)
    assert all(top + 256 <= 1600 and left + 256 <= 2100 for top, left in sample.corners)


def test_an_image_without_enough_whole_tiles_is_not_sampled() -> None:
    assert Sample.chosen(np.zeros((120, 40_000, 3), np.uint8)) is None
