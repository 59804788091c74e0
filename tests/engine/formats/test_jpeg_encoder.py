"""Test our JPEG encoder: its preview is what any decoder makes of its files."""

from __future__ import annotations

import ctypes
import io
import re
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from mozjpeg_lossless_optimization import optimize as mozjpeg_lossless
from PIL import Image

from leanpix_engine import native
from leanpix_engine.formats.jpeg import tables as jpeg_tables
from leanpix_engine.formats.jpeg.encoder import Encoder
from leanpix_engine.metric.ssimulacra2 import Reference
from tests.engine.conftest import photo, saved, screenshot

Bytes = npt.NDArray[np.uint8]

pytestmark = pytest.mark.skipif(
    not native.available(), reason="a machine that `layers/native.py` has no library for"
)


def decoded(data: bytes, shape: tuple[int, ...]) -> Bytes:
    """Decode by Pillow's libjpeg-turbo."""
    return np.asarray(Image.open(io.BytesIO(data))).reshape(shape)


def noise(height: int, width: int, channels: int, seed: int) -> Bytes:
    """Draw noise, from smooth to wild by the seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (-(-height // 9), -(-width // 9), channels))
    smooth = np.kron(coarse, np.ones((9, 9, 1), np.int64))[:height, :width]
    wild = random.integers(-40, 41, (height, width, channels)) * (seed % 7)
    return np.clip(smooth + wild, 0, 255).astype(np.uint8)


@settings(max_examples=100, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    channels=st.sampled_from([1, 3]),
    halved=st.booleans(),
    quality=st.integers(4, 400).map(lambda quarters: quarters / 4),
    seed=st.integers(0, 2**16),
)
def test_a_preview_is_bit_for_bit_what_libjpeg_decodes(
    height: int, width: int, channels: int, *, halved: bool, quality: float, seed: int
) -> None:
    encoder = Encoder(noise(height, width, channels, seed), halved=halved)
    seen = encoder.preview(quality)
    assert np.array_equal(decoded(encoder.encode(quality), seen.shape), seen)


def by_vips(data: bytes) -> Bytes:
    """Decode by libvips."""
    image = pyvips.Image.new_from_buffer(data, "", fail_on="warning")
    return np.asarray(image.numpy()).reshape(image.height, image.width, image.bands)


@pytest.mark.parametrize("halved", [True, False])
@pytest.mark.parametrize("size", [(384, 512), (61, 97), (8, 8), (1, 1), (17, 400), (401, 9)])
def test_every_decoder_here_takes_it_without_a_warning(
    size: tuple[int, int], *, halved: bool
) -> None:
    encoder = Encoder(np.asarray(photo(*size)), halved=halved)
    seen = encoder.preview(80)
    data = encoder.encode(80)
    assert np.array_equal(by_vips(data), seen)
    assert np.array_equal(decoded(mozjpeg_lossless(data), seen.shape), seen)


def scans_of(data: bytes) -> list[tuple[bytes, int, int, int, int]]:
    """Return a file's scans: components, first and last coefficient, bits (T.81, B.2.3)."""
    found = []
    for match in re.finditer(rb"\xff\xda\x00(.)(.)", data, re.DOTALL):
        selectors = data[match.end() : match.end() + 2 * match[2][0]]
        first, last, bits = data[match.end() + len(selectors) :][:3]
        found.append((selectors[::2], first, last, bits >> 4, bits & 15))
    return found


@settings(max_examples=40, deadline=None)
@given(
    channels=st.sampled_from([1, 3]),
    quality=st.integers(20, 100),
    seed=st.integers(0, 2**16),
)
def test_scans_say_every_bit_of_every_coefficient_once(
    channels: int, quality: int, seed: int
) -> None:
    data = Encoder(noise(80, 70, channels, seed), halved=True).encode(quality)
    said: dict[tuple[int, int], int] = {}
    for components, first, last, high, low in scans_of(data):
        for component in components:
            for place in range(first, last + 1):
                before = said.get((component, place), 0)
                assert before == high
                assert low < (high or 99)
                assert first == 0 or (component, 0) in said
                said[component, place] = low
    assert said == {(c + 1, place): 0 for c in range(channels) for place in range(64)}


def test_calm_pictures_with_long_runs_of_empty_blocks_come_back() -> None:
    original = np.full((2048, 1280, 1), 90, np.uint8)
    original[-9:, -9:] = 200
    encoder = Encoder(original, halved=False)
    assert np.array_equal(decoded(encoder.encode(80), original.shape), encoder.preview(80))


@pytest.mark.parametrize("quality", [50, 80, 92])
@pytest.mark.parametrize("size", [(384, 512), (160, 120)])
def test_it_needs_no_more_bytes_than_mozjpeg_rewriting_it(
    size: tuple[int, int], quality: int
) -> None:
    for seed in range(3):
        data = Encoder(np.asarray(photo(*size, seed=seed)), halved=True).encode(quality)
        assert len(data) <= 1.005 * len(mozjpeg_lossless(data))


WORST = np.random.default_rng(7).choice(np.array([0, 255], np.uint8), (64, 64, 3))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_worst_picture_at_the_best_quality_finds_room(channels: int) -> None:
    wild = WORST[..., :channels]
    encoder = Encoder(wild, halved=False)
    assert np.array_equal(decoded(encoder.encode(100), wild.shape), encoder.preview(100))


def test_more_room_is_found_where_the_usual_does_not_do(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Encoder(WORST, halved=False).encode(100)
    monkeypatch.setattr("leanpix_engine.formats.jpeg.encoder._BYTES_OF_HEADERS", 0)
    assert len(usual) > WORST.size
    assert Encoder(WORST, halved=False).encode(100) == usual


@pytest.mark.parametrize("capacity", [0, 1, 3, 40, 300, 1000, 5000, -2, -1])
def test_nothing_is_written_beyond_the_room_there_is(capacity: int) -> None:
    encoder = Encoder(WORST, halved=False)
    components = encoder._quantized(90).components
    whole = encoder._scans(components)
    capacity %= len(whole)
    room = np.full(len(whole), 0xA5, np.uint8)
    written = ctypes.c_size_t()
    write = native.function(
        "leanpix_jpeg_write", *[ctypes.c_void_p] * 5, ctypes.c_size_t, ctypes.c_void_p
    )
    shape = ctypes.byref(encoder._shape())
    addresses = [component.ctypes.data for component in components]
    with pytest.raises(native.NoRoom):
        write(shape, *addresses, room.ctypes.data, capacity, ctypes.byref(written))
    assert (room[capacity:] == 0xA5).all()


def test_quality_raises_bytes_and_score() -> None:
    original = np.asarray(photo())
    encoder = Encoder(original, halved=True)
    reference = Reference(original)
    qualities = (40, 60, 80, 95)
    sizes = [len(encoder.encode(quality)) for quality in qualities]
    scores = [reference.score(encoder.preview(quality)) for quality in qualities]
    assert sizes == sorted(sizes)
    assert scores == sorted(scores)


def test_bands_of_a_large_picture_make_no_seams(monkeypatch: pytest.MonkeyPatch) -> None:
    original = noise(1100, 90, 3, seed=3)
    whole = Encoder(original, halved=True)
    monkeypatch.setattr("leanpix_engine.formats.jpeg.encoder._KEPT_PIXELS", 0)
    assert Encoder(original, halved=True).encode(80) == whole.encode(80)


def test_at_the_same_score_it_needs_fewer_bytes_than_libjpeg() -> None:
    original = np.asarray(photo(512, 384, seed=5))
    reference = Reference(original)
    theirs = saved(Image.fromarray(original), quality=80, optimize=True, progressive=True)
    goal = reference.score(decoded(theirs, original.shape))
    encoder = Encoder(original, halved=True)
    quality = next(q for q in range(60, 100) if reference.score(encoder.preview(q)) >= goal)
    assert len(encoder.encode(quality)) < 0.92 * len(theirs)


def test_full_chroma_reaches_what_halved_chroma_cannot() -> None:
    original = np.asarray(screenshot())
    reference = Reference(original)
    halved, full = (
        reference.score(Encoder(original, halved=halved).preview(95)) for halved in (True, False)
    )
    assert full > halved + 5


def test_tables_follow_libjpegs_scale() -> None:
    scaled = partial(jpeg_tables.scaled, jpeg_tables.DESIGN)
    assert (scaled(100) == 1).all()
    assert (scaled(1) <= 255).all()
    steps = [scaled(quality).sum() for quality in range(1, 101)]
    assert steps == sorted(steps, reverse=True)
