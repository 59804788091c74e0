"""Test the header readers: format, size, frames and orientation without an imaging library."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from leanpix_engine import Format, Limits, Reason, Refused
from leanpix_engine.formats.probe import probe
from tests.engine.conftest import photo, saved


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("JPEG", Format.JPEG),
        ("PNG", Format.PNG),
        ("GIF", Format.GIF),
        ("WEBP", Format.WEBP),
        ("AVIF", Format.AVIF),
    ],
)
def test_format_and_size_are_told_by_content(kind: str, expected: Format) -> None:
    facts = probe(saved(photo(37, 21), kind))
    assert (facts.format, facts.width, facts.height, facts.frames) == (expected, 37, 21, 1)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_frames_of_an_animation_are_counted(kind: str) -> None:
    frames = [photo(20, 20, seed) for seed in range(5)]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, loop=3)
    facts = probe(data)
    assert facts.frames == 5
    assert facts.animated
    assert facts.loop == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_size_is_as_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    facts = probe(saved(photo(40, 30), exif=exif))
    assert facts.orientation == orientation
    assert (facts.width, facts.height) == ((30, 40) if orientation >= 5 else (40, 30))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_layouts_are_told_apart(mode: str) -> None:
    image = Image.new("L", (9, 7), 99).convert("I" if mode == "I;16" else mode)
    facts = probe(saved(image.convert("I;16") if mode == "I;16" else image, "PNG"))
    assert facts.alpha == (mode in ("LA", "RGBA"))
    assert facts.bits == {"1": 1, "I;16": 16}.get(mode, 8)
    assert facts.channels == (1 if mode in ("1", "L", "LA", "I;16") else 3)


@pytest.mark.parametrize(
    "svg",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80"/>',
        b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg viewBox="0 0 120 80"></svg>',
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd"><svg width="120px" height="80"/>',
        b"\xef\xbb\xbf<svg viewBox='0 0 240 160' width='120'/>",
    ],
)
def test_an_svg_is_as_large_as_it_says(svg: bytes) -> None:
    facts = probe(svg)
    assert (facts.format, facts.width, facts.height) == (Format.SVG, 120, 80)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"<html><svg/></html>",
        b"%PDF-1.4",
        b"PK\x03\x04",
        b"\x7fELF",
        b"GIF",
        b"II*\x00",
    ],
)
def test_what_is_no_supported_image_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        probe(data)
    assert refusal.value.reason in (Reason.UNSUPPORTED_FORMAT, Reason.CORRUPT_IMAGE)
    assert refusal.value.text.endswith(".")


def png_claiming(width: int, height: int) -> bytes:
    """Return a small PNG whose header claims a size."""

    def chunk(kind: bytes, payload: bytes) -> bytes:
        body = kind + payload
        return struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\x00" * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height"), [(50_000, 50_000), (70_000, 1), (2**31 - 1, 2**31 - 1)]
)
def test_a_size_beyond_the_limits_is_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(Refused) as refusal:
        probe(png_claiming(width, height))
    assert refusal.value.reason is Reason.TOO_LARGE


def test_frames_times_canvas_is_bounded() -> None:
    frames = [photo(40, 40, seed) for seed in range(6)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert probe(data, Limits(max_frame_pixels=6 * 1600)).frames == 6
    with pytest.raises(Refused) as refusal:
        probe(data, Limits(max_frame_pixels=6 * 1600 - 1))
    assert refusal.value.reason is Reason.TOO_LARGE
    with pytest.raises(Refused) as refusal:
        probe(data, Limits(max_frames=5))
    assert refusal.value.reason is Reason.TOO_MANY_FRAMES


def test_a_file_beyond_the_limit_is_refused() -> None:
    with pytest.raises(Refused) as refusal:
        probe(saved(photo()), Limits(max_bytes=1000))
    assert refusal.value.reason is Reason.TOO_LARGE


def test_metadata_that_inflates_to_a_bomb_is_refused() -> None:
    plain = png_claiming(10, 10)
    payload = b"Comment\x00\x00" + zlib.compress(b"\x00" * 50_000_000, 9)
    body = b"zTXt" + payload
    bomb = struct.pack(">I", len(payload)) + body + struct.pack(">I", zlib.crc32(body))
    with pytest.raises(Refused) as refusal:
        probe(plain[:33] + bomb + plain[33:])
    assert refusal.value.reason is Reason.UNSAFE_CONTENT


@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "AVIF"]),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12),
    st.integers(0, 3000),
)
def test_damage_is_refused_or_read_but_nothing_else_happens(
    kind: str, changes: list[tuple[int, int]], length: int
) -> None:
    data = bytearray(_SMALL[kind])
    for at, value in changes:
        data[at % len(data)] = value
    with contextlib.suppress(Refused):
        probe(bytes(data[: length or None]))


_SMALL = {kind: saved(photo(24, 16), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")}


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_heic_photo_is_refused_with_a_way_out(brand: bytes) -> None:
    source = b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00mif1heic" + bytes(64)
    with pytest.raises(Refused) as refused:
        probe(source)
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT
    assert "JPEG" in refused.value.text
