"""Test that an AVIF keeps alpha, in one file made of two."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from leanpix_engine import Format, Options, optimize
from leanpix_engine.formats.avif import container
from leanpix_engine.formats.avif.alpha import coarse, filled, plane_of
from leanpix_engine.formats.registry import codec_of
from leanpix_engine.limits import Limits
from leanpix_engine.picture.picture import Mode, Picture
from tests.engine.conftest import photo, saved


def translucent(side: int) -> Image.Image:
    """Return a photo in a soft circle."""
    picture = photo(side, side).convert("RGBA")
    rows, columns = np.mgrid[:side, :side] / (side - 1) * 2 - 1
    fade = np.clip((1.0 - np.hypot(rows, columns)) * 400, 0, 255).astype(np.uint8)
    picture.putalpha(Image.fromarray(fade))
    return picture


@pytest.mark.parametrize("side", [64, 300])
def test_alpha_stays_where_it_is_seen_most(side: int) -> None:
    picture = translucent(side)
    result = optimize(saved(picture, "PNG"), Options(target_format=Format.AVIF))
    assert result.output is not None
    before = np.asarray(picture)[..., 3].astype(int)
    with Image.open(io.BytesIO(result.output.data)) as shown:
        after = np.asarray(shown.convert("RGBA"))[..., 3].astype(int)
    assert np.array_equal(before == 0, after == 0)
    assert np.array_equal(before == 255, after == 255)
    assert np.abs(before - after).max() <= 8
    by_vips = codec_of(Format.AVIF).decode(result.output.data, Limits()).frames[0, ..., 3]
    assert np.array_equal(by_vips, after)


def test_every_degree_moves_by_half_a_step_at_most() -> None:
    alpha = np.arange(256, dtype=np.uint8)
    moved = np.abs(coarse(alpha).astype(int) - alpha)
    assert moved.max() <= 4
    assert coarse(alpha)[0] == 0
    assert coarse(alpha)[255] == 255
    assert ((coarse(alpha)[1:255] > 0) & (coarse(alpha)[1:255] < 255)).all()


def test_what_is_clear_is_filled_and_what_is_seen_is_not_touched() -> None:
    pixels = np.asarray(translucent(40)).copy()
    done = filled(Picture(frames=pixels[None], mode=Mode.RGB, alpha=True)).pixels
    seen = pixels[..., 3] > 0
    assert np.array_equal(done[seen], pixels[seen][:, :3])
    assert np.ptp(done[~seen].astype(int), axis=0).max() < 255


def test_a_file_without_alpha_is_no_plane() -> None:
    opaque = saved(photo(24, 24), "AVIF")
    with pytest.raises(ValueError, match="no alpha plane"):
        container.with_alpha(opaque, opaque)


def test_what_is_no_file_has_no_items() -> None:
    with pytest.raises(ValueError, match="no items"):
        container.read(b"\0\0\0\x08ftyp")


def test_a_file_survives_being_taken_apart() -> None:
    data = plane_of(np.asarray(photo(20, 30).convert("L")))
    parts = container.read(data)
    again = container.read(container.write(parts))
    assert again == parts
    with Image.open(io.BytesIO(container.write(parts))) as shown:
        assert np.array_equal(np.asarray(shown)[..., 3], np.asarray(photo(20, 30).convert("L")))
