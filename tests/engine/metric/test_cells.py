"""Test the means of small squares: C against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from leanpix_engine import native
from leanpix_engine.metric.cells import cells, cells_numpy, merged


@pytest.mark.skipif(not native.available(), reason="the C is not compiled")
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (4, 4), (37, 21), (64, 130)])
def test_c_and_numpy_agree(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert np.abs(cells(rgb) - cells_numpy(rgb)).max() < 1e-4


def test_without_c_numpy_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "available", lambda: False)
    rgb = np.full((9, 6, 3), 77, np.uint8)
    assert (cells(rgb) == 77).all()
    assert cells(rgb).shape == (3, 2, 3)


def test_squares_are_merged_and_the_rest_is_left_out() -> None:
    means = np.arange(5 * 9 * 3, dtype=np.float32).reshape(5, 9, 3)
    assert np.allclose(merged(means, 4)[0, 1], means[:4, 4:8].mean(axis=(0, 1)))
    assert merged(means, 4).shape == (1, 2, 3)
    assert np.allclose(merged(means[:2, :3], 4)[0, 0], means[:2, :3].mean(axis=(0, 1)))
