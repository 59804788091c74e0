"""Our JPEG encoder: what it shows is what any decoder makes of its files."""

from __future__ import annotations

import io
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mozjpeg_lossless_optimization import optimize as mozjpeg_lossless
from PIL import Image

from leanpix_engine import native
from leanpix_engine.formats import jpeg_tables
from leanpix_engine.formats.jpeg_encoder import Encoder
from leanpix_engine.metric import Reference

from .conftest import photo, saved, screenshot

Bytes = npt.NDArray[np.uint8]

pytestmark = pytest.mark.skipif(
    not native.available(), reason="a machine that `layers/native.py` has no library for"
)


def decoded(data: bytes, shape: tuple[int, ...]) -> Bytes:
    """By Pillow's libjpeg-turbo."""
    return np.asarray(Image.open(io.BytesIO(data))).reshape(shape)


def noise(height: int, width: int, channels: int, seed: int) -> Bytes:
    """From smooth to wild, by the seed."""
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


@pytest.mark.parametrize("halved", [True, False])
def test_lossless_rewriting_keeps_what_was_previewed(*, halved: bool) -> None:
    encoder = Encoder(np.asarray(photo()), halved=halved)
    seen = encoder.preview(80)
    assert np.array_equal(decoded(mozjpeg_lossless(encoder.encode(80)), seen.shape), seen)


def test_the_worst_picture_at_the_best_quality_finds_room() -> None:
    random = np.random.default_rng(7)
    wild = random.choice(np.array([0, 255], np.uint8), (64, 64, 3))
    encoder = Encoder(wild, halved=False)
    assert np.array_equal(decoded(encoder.encode(100), wild.shape), encoder.preview(100))


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
    monkeypatch.setattr("leanpix_engine.formats.jpeg_encoder._KEPT_PIXELS", 0)
    assert Encoder(original, halved=True).encode(80) == whole.encode(80)


def test_at_the_same_score_it_needs_fewer_bytes_than_libjpeg() -> None:
    original = np.asarray(photo(512, 384, seed=5))
    reference = Reference(original)
    theirs = saved(Image.fromarray(original), quality=80, optimize=True, progressive=True)
    goal = reference.score(decoded(theirs, original.shape))
    encoder = Encoder(original, halved=True)
    quality = next(q for q in range(60, 100) if reference.score(encoder.preview(q)) >= goal)
    assert len(mozjpeg_lossless(encoder.encode(quality))) < 0.92 * len(theirs)


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


def test_the_usual_codes_are_prefixes_of_no_other() -> None:
    codes, lengths = jpeg_tables.usual_codes()
    for table in range(4):
        written = [
            format(int(codes[table, symbol]), f"0{lengths[table, symbol]}b")
            for symbol in range(jpeg_tables.SYMBOLS)
            if lengths[table, symbol]
        ]
        ordered = sorted(written)
        assert not any(later.startswith(earlier) for earlier, later in pairwise(ordered))
