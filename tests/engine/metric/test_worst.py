"""Test the largest difference between two images: C against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from leanpix_engine import native
from leanpix_engine.metric.worst import worst, worst_numpy


@pytest.mark.skipif(not native.available(), reason="the C is not compiled")
@pytest.mark.parametrize("size", [(1, 1), (2, 7), (8, 8), (37, 21), (64, 130)])
def test_c_and_numpy_agree(size: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    first, second = (random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2))
    assert worst(first, second) == pytest.approx(worst_numpy(first, second), rel=1e-3)


def test_without_c_numpy_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: False)
    gray = np.full((9, 6, 3), 77, np.uint8)
    assert worst(gray, gray) == 0


def test_a_spot_counts_as_much_on_a_large_picture() -> None:
    found = []
    for side in (20, 200):
        gray = np.full((side, side, 3), 128, np.uint8)
        spotted = gray.copy()
        spotted[8:12, 8:12] += 9
        found.append(worst(gray, spotted))
    assert found[0] == pytest.approx(found[1])


def test_a_busy_place_hides_more_than_a_calm_one() -> None:
    calm = np.full((40, 40, 3), 128, np.uint8)
    busy = calm + (np.indices((40, 40)).sum(axis=0) % 2 * 60).astype(np.uint8)[..., None]
    found = []
    for original in (calm, busy):
        made = original.copy()
        made[16:22, 16:22] += 10
        found.append(worst(original, made))
    assert found[1] < found[0] / 2
