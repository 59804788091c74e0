"""Test that an AVIF keeps alpha, in one file made of two."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from leanpix_engine import Format, Options, optimize
from leanpix_engine.formats.avif import container
from leanpix_engine.formats.avif.alpha import FINE, ROUGH, few_levels, filled, plane_of
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
    assert not after[before == 0].any()
    assert (after[before == 255] == 255).all()
    assert np.abs(before - after).max() <= 8
    by_vips = codec_of(Format.AVIF).decode(result.output.data, Limits()).frames[0, ..., 3]
    assert np.array_equal(by_vips, after)


@pytest.mark.parametrize("most", [FINE, ROUGH])
def test_no_degree_of_alpha_moves_further_than_allowed(most: int) -> None:
    for alpha in (np.arange(256, dtype=np.uint8), np.array([0, 3, 90, 91, 200, 255], np.uint8)):
        moved = np.abs(few_levels(alpha, most).astype(int) - alpha)
        assert moved.max() <= most
        assert moved[0] == moved[-1] == 0


def test_levels_that_are_near_each_other_become_one() -> None:
    alpha = np.array([0, 90, 94, 98, 180, 181, 255], np.uint8)
    assert len(np.unique(few_levels(alpha, 4))) == 4


def test_boxes_hold_no_names_and_no_colours_that_the_data_tell() -> None:
    data = saved(translucent(24), "AVIF")
    lean = container.lean(data)
    assert b"colrnclx" in data
    assert b"colrnclx" not in lean
    assert b"Color" not in lean
    assert len(lean) < len(data) - 30
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(lean)) as after:
        assert np.array_equal(np.asarray(before), np.asarray(after))


def test_colours_that_the_data_do_not_tell_stay_in_their_box() -> None:
    data = saved(translucent(24), "AVIF")
    at = data.index(b"colrnclx") + 9
    told_otherwise = data[:at] + b"\x0c" + data[at + 1 :]
    assert b"colrnclx" in container.lean(told_otherwise)


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
