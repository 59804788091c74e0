"""The mark of an output: a few bytes that decoders pass over and that a change voids."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leanpix_engine.formats.history import mark
from leanpix_engine.formats.history.mark import Mark, Place
from leanpix_engine.picture.vips import pyvips

PLACES = {
    "JPEG": mark.JPEG,
    "PNG": mark.PNG,
    "GIF": mark.GIF,
    "WEBP": mark.WEBP,
    "AVIF": mark.AVIF,
    "SVG": mark.SVG,
}
RASTERS = [name for name in PLACES if name != "SVG"]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg">' + b"<path d='M0 0h9v9z'/>" * 60 + b"</svg>"


def _file(name: str) -> bytes:
    if name == "SVG":
        return SVG
    buffer = io.BytesIO()
    Image.effect_mandelbrot((320, 200), (-2, -1, 1, 1), 50).convert("RGB").save(buffer, name)
    return buffer.getvalue()


FILES = {name: _file(name) for name in PLACES}


@pytest.mark.parametrize("name", PLACES)
@given(goal=st.integers(0, 100), carries_metadata=st.booleans())
def test_what_was_written_is_read(name: str, goal: int, carries_metadata: bool) -> None:  # noqa: FBT001 - hypothesis passes it by name
    written = Mark(goal, carries_metadata=carries_metadata)
    marked = mark.write(FILES[name], written, PLACES[name])
    assert mark.read(marked, PLACES[name]) == written


@pytest.mark.parametrize("name", PLACES)
def test_a_file_without_a_mark_has_none(name: str) -> None:
    assert mark.read(FILES[name], PLACES[name]) is None


@pytest.mark.parametrize("name", PLACES)
@given(st.data())
def test_a_file_changed_since_has_no_mark(name: str, data: st.DataObject) -> None:
    place = PLACES[name]
    marked = mark.write(FILES[name], Mark(77, carries_metadata=False), place)
    outside = [at for at in range(len(marked)) if not _is_size_of_riff(place, at)]
    at = data.draw(st.sampled_from(outside))
    changed = bytearray(marked)
    changed[at] ^= data.draw(st.integers(1, 255))
    found = mark.read(bytes(changed), place)
    assert found is None or _is_of_no_consequence(marked, bytes(changed), place)


def _is_size_of_riff(place: Place, at: int) -> bool:
    return place is mark.WEBP and place.not_summed[0] <= at < place.not_summed[1]


def _is_of_no_consequence(marked: bytes, changed: bytes, place: Place) -> bool:
    """Return whether the change is in the mark's own goal or in the mark's own checksum."""
    return mark.read(changed, place) != mark.read(marked, place) or place is mark.PNG


@pytest.mark.parametrize("name", RASTERS)
def test_decoders_see_the_same_pixels(name: str) -> None:
    marked = mark.write(FILES[name], Mark(77, carries_metadata=False), PLACES[name])
    assert marked != FILES[name]
    for data in (marked, FILES[name]):
        Image.open(io.BytesIO(data)).load()
    assert pyvips.Image.new_from_buffer(marked, "").avg() == pytest.approx(
        pyvips.Image.new_from_buffer(FILES[name], "").avg()
    )


@pytest.mark.parametrize("name", PLACES)
def test_it_takes_at_most_26_bytes(name: str) -> None:
    marked = mark.write(FILES[name], Mark(77, carries_metadata=False), PLACES[name])
    assert len(marked) - len(FILES[name]) <= 26


def test_a_small_file_goes_without() -> None:
    small = FILES["PNG"][:400]
    assert mark.write(small, Mark(77, carries_metadata=False), mark.PNG) == small


@pytest.mark.parametrize("name", PLACES)
@given(source=st.binary(max_size=120))
def test_any_bytes_can_be_asked(name: str, source: bytes) -> None:
    assert mark.read(source, PLACES[name]) is None
