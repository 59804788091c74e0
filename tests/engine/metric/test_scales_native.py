"""Test that the metric in C gives what it gives in numpy, faster and within its own memory."""

from __future__ import annotations

import ctypes
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from leanpix_engine import native
from leanpix_engine.metric import scales_native, scales_numpy
from leanpix_engine.metric import ssimulacra2 as metric
from leanpix_engine.metric.sampling import Rgb
from leanpix_engine.metric.scales import Scale
from leanpix_engine.metric.ssimulacra2 import Reference
from tests.engine.conftest import opened, photo, saved, screenshot

pytestmark = pytest.mark.skipif(
    not native.available(), reason="the engine's C is compiled for Linux on x86-64 and ARM alone"
)

CLOSE = 0.02
CLOSE_TOTAL = 0.004
"""Of the weighted differences, before they become a score. Both round to 32 bits, and against the
same in 64 bits each was within 0.0011 on 3,228 random images of 8 to 90 pixels a side; together
they differed by 0.0013 at most. A score is no measure here: near 100 a point of the difference is
30 points of score, so two right scores may lie 0.05 apart."""


def libraries() -> list[Path]:
    """Return all libraries for this machine."""
    machine = platform.machine()
    found = [path for folder in native._folders() for path in folder.glob(f"{machine}*.so")]
    if native._variant() == machine:
        found = [path for path in found if path.stem == machine]
    return sorted(found)


def both(original: Rgb, distorted: Rgb) -> tuple[float, float]:
    """Return the score in C and in numpy."""
    in_c = Reference(original).score(distorted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "available", lambda: False)
        return in_c, Reference(original).score(distorted)


def both_totals(original: Rgb, distorted: Rgb) -> tuple[float, float]:
    """Return the weighted differences in C and in numpy, of which the score is made."""
    in_c = Reference(original)._side.total(distorted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "available", lambda: False)
        return in_c, Reference(original)._side.total(distorted)


def as_jpeg(image: Image.Image, quality: int) -> Rgb:
    return np.asarray(opened(saved(image, quality=quality)).convert("RGB"))


@pytest.mark.parametrize("quality", [1, 30, 75, 95])
@pytest.mark.parametrize(
    "picture",
    [
        photo(),
        screenshot(),
        photo(8, 8),
        photo(9, 13),
        photo(17, 400),
        photo(401, 9),
        photo(301, 227),
        photo(97, 61),
    ],
    ids=lambda picture: f"{picture.width}x{picture.height}",
)
def test_a_score_is_that_of_numpy(picture: Image.Image, quality: int) -> None:
    in_c, in_numpy = both(np.asarray(picture), as_jpeg(picture, quality))
    assert in_c == pytest.approx(in_numpy, abs=CLOSE)


@given(
    height=st.integers(8, 90),
    width=st.integers(8, 90),
    noise=st.sampled_from([0, 1, 10, 100]),
    seed=st.integers(0, 2**32 - 1),
)
@example(height=37, width=46, noise=1, seed=19)
@settings(deadline=None, max_examples=60)
def test_any_size_and_any_damage_scores_as_in_numpy(
    height: int, width: int, noise: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    original = random.integers(0, 256, (height, width, 3), np.uint8)
    damage = random.integers(-noise, noise + 1, original.shape)
    distorted = np.clip(original.astype(int) + damage, 0, 255).astype(np.uint8)
    in_c, in_numpy = both_totals(original, distorted)
    assert in_c == pytest.approx(in_numpy, abs=CLOSE_TOTAL, rel=1e-4)


@pytest.mark.parametrize(("first", "second"), [(0, 255), (255, 0), (0, 0), (128, 129), (0, 1)])
def test_flat_colours_score_as_in_numpy(first: int, second: int) -> None:
    shape = (40, 56, 3)
    in_c, in_numpy = both(np.full(shape, first, np.uint8), np.full(shape, second, np.uint8))
    assert in_c == pytest.approx(in_numpy, abs=CLOSE, rel=1e-4)


@pytest.mark.parametrize("size", [(8, 8), (33, 70), (320, 240)])
def test_an_image_scores_100_against_itself(size: tuple[int, int]) -> None:
    image = np.asarray(photo(*size))
    assert Reference(image).score(image) == 100


def test_a_large_image_is_sampled_as_in_numpy() -> None:
    picture = photo(2100, 1601)
    in_c, in_numpy = both(np.asarray(picture), as_jpeg(picture, 75))
    assert in_c == pytest.approx(in_numpy, abs=CLOSE)


@pytest.mark.parametrize("size", [(4, 4), (8, 9), (37, 50), (99, 131), (160, 64)])
def test_a_quarter_is_that_of_numpy(size: tuple[int, int]) -> None:
    image = np.asarray(photo(*size))
    np.testing.assert_allclose(
        scales_native.quarter(image), scales_numpy.quarter(image), rtol=0, atol=1e-6
    )


def test_an_image_that_is_a_part_of_another_scores_the_same() -> None:
    whole, distorted = np.asarray(photo()), as_jpeg(photo(), 60)
    part, other = whole[16:200, 24:300], distorted[16:200, 24:300]
    assert Reference(part).score(other) == Reference(part.copy()).score(other.copy())


@pytest.mark.parametrize("library", libraries(), ids=lambda library: library.stem)
def test_every_library_for_this_machine_gives_the_same(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, distorted = np.asarray(photo(301, 227)), as_jpeg(photo(301, 227), 70)
    expected = Reference(original).score(distorted)
    monkeypatch.setattr(native, "_library", lambda: ctypes.CDLL(str(library)))
    assert Reference(original).score(distorted) == pytest.approx(expected, abs=0.001)


def test_threads_do_not_disturb_each_other() -> None:
    reference = Reference(np.asarray(photo()))
    images = [as_jpeg(photo(), quality) for quality in (20, 50, 80, 90)] * 4
    one_by_one = [reference.score(image) for image in images]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(reference.score, images)) == one_by_one


def test_it_is_three_times_faster_than_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    original, distorted = np.asarray(photo(800, 600)), as_jpeg(photo(800, 600), 70)
    in_c = Reference(original)
    monkeypatch.setattr(native, "available", lambda: False)
    in_numpy = Reference(original)
    seconds: dict[Reference, list[float]] = {in_c: [], in_numpy: []}
    for _ in range(5):
        for reference, taken in seconds.items():
            started = time.process_time()
            reference.score(distorted)
            taken.append(time.process_time() - started)
    assert min(seconds[in_c]) * 3 < min(seconds[in_numpy])


# ------------------------------------------------------------------- without the library


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend a machine on which the C was not compiled."""
    monkeypatch.setattr(native, "_library", native._library.__wrapped__)
    monkeypatch.setattr(native, "_PACKAGE", "leanpix_native_that_is_not_there")


@pytest.mark.usefixtures("absent")
def test_without_the_library_numpy_scores() -> None:
    assert not native.available()
    image = np.asarray(photo(64, 48))
    assert Reference(image).score(image) == 100
    assert metric._backend() is scales_numpy


@pytest.mark.usefixtures("absent")
def test_without_the_library_a_function_of_it_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match="make setup"):
        native.function("leanpix_quarter")


def test_a_library_that_does_not_load_is_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{native._variant()}.so").write_bytes(b"\x7fELF and no more")
    monkeypatch.setattr(native, "_folders", lambda: [tmp_path])
    assert native._library.__wrapped__() is None


def test_an_old_processor_gets_the_library_that_it_can_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(native, "_cpu_flags", lambda: frozenset({"sse4_2", "avx"}))
    assert native._variant() == "x86_64"
    monkeypatch.setattr(native, "_cpu_flags", lambda: native._X86_64_V3 | {"sse2"})
    assert native._variant() == "x86_64_v3"


# ------------------------------------------------------------------- what C must not see


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 6), np.float64),
        np.zeros((6, 4), np.float32),
        np.zeros((4, 12), np.float32)[:, ::2],
        np.zeros((6, 4), np.float32).T,
    ],
    ids=["type", "shape", "steps", "order"],
)
def test_an_array_that_is_not_as_c_expects_is_refused(array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected"):
        native.address(array, np.float32, (4, 6))


@pytest.mark.parametrize("box", [(-1, 0, 4, 4), (0, 0, 17, 4), (0, 13, 4, 4), (0, 0, 4, -1)])
def test_a_box_outside_the_image_is_refused(box: tuple[int, int, int, int]) -> None:
    image = np.zeros((16, 16, 3), np.uint8)
    scales = scales_native.ReferenceScales(
        image, [Scale(np.ones((3, 3), np.bool_), np.array([box]))]
    )
    with pytest.raises(ValueError, match="box"):
        list(scales.means(image))


def test_an_image_of_another_size_is_refused() -> None:
    scale = Scale(np.ones((3, 3), np.bool_), np.array([(0, 0, 16, 16)]))
    scales = scales_native.ReferenceScales(np.zeros((16, 16, 3), np.uint8), [scale])
    with pytest.raises(ValueError, match="sizes differ"):
        list(scales.means(np.zeros((16, 17, 3), np.uint8)))
