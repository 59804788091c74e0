"""Test CIEDE2000 against scikit-image's, and against values of its authors."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from skimage.color import rgb2lab

from leanpix_engine.metric.ciede2000 import difference, lab


def test_it_agrees_with_another_implementation() -> None:
    compare = import_module("skimage.color").deltaE_ciede2000  # it has no types
    random = np.random.default_rng(5)
    first = random.integers(0, 256, (3000, 3), dtype=np.uint8)
    second = np.clip(first + random.integers(-25, 26, first.shape), 0, 255).astype(np.uint8)
    theirs = compare(rgb2lab(first / 255), rgb2lab(second / 255))
    assert np.abs(difference(lab(first), lab(second)) - theirs).max() < 0.02


# Sharma, Wu, Dalal (2005), table 1: pairs 1, 7, 13, 21 and 34.
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
        ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
        ((50.0, 2.5, 0.0), (50.0, 3.1736, 0.5854), 1.0000),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_it_gives_what_its_authors_publish(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    pairs = (np.array([side], np.float32) for side in (first, second))
    assert float(difference(*pairs)[0]) == pytest.approx(expected, abs=2e-3)


def test_equal_colours_do_not_differ() -> None:
    colours = np.array([[0, 0, 0], [255, 255, 255], [90, 90, 90], [10, 200, 30]], np.uint8)
    assert (difference(lab(colours), lab(colours)) == 0).all()
