"""Test lossless JPEG in our scans: the same picture, never more bytes, safe on damage."""

from __future__ import annotations

import ctypes
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from mozjpeg_lossless_optimization import COPY_MARKERS
from mozjpeg_lossless_optimization import optimize as mozjpeg_lossless
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from leanpix_engine import native
from leanpix_engine.formats.child_main import OPERATIONS
from leanpix_engine.formats.jpeg import rewrite as jpeg_rewrite
from leanpix_engine.formats.jpeg.scans import File, Frame, Scan, Table, Unfit, parsed
from tests.engine.conftest import photo, saved, screenshot

pytestmark = pytest.mark.skipif(
    not native.available(), reason="a machine that `layers/native.py` has no library for"
)

GRAY, FULL, HALVED_ACROSS, HALVED = -1, 0, 1, 2


def by_pillow(data: bytes) -> npt.NDArray[np.uint8]:
    """Decode as a viewer does it."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return np.asarray(image)


def by_vips(data: bytes) -> npt.NDArray[np.uint8]:
    """Decode without tolerance."""
    return np.asarray(pyvips.Image.new_from_buffer(data, "", fail_on="warning").numpy())


def picture(height: int, width: int, seed: int) -> Image.Image:
    """Draw a picture, from flat to wild by the seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (-(-height // 9), -(-width // 9), 3))
    smooth = np.kron(coarse, np.ones((9, 9, 1), np.int64))[:height, :width]
    wild = random.integers(-40, 41, (height, width, 3)) * (seed % 7)
    return Image.fromarray(np.clip(smooth + wild, 0, 255).astype(np.uint8))


def by_mozjpeg(image: Image.Image, chroma: int = HALVED, **wanted: Any) -> bytes:
    """Return a JPEG that has been through mozjpeg."""
    if chroma == GRAY:
        source = saved(image.convert("L"), **wanted)
    else:
        source = saved(image, subsampling=chroma, **wanted)
    return bytes(mozjpeg_lossless(source, copy=COPY_MARKERS.NONE))


def written(file: File) -> bytes:
    """Return the file in our scans, whether they are smaller or not."""
    scans = jpeg_rewrite._written(file.frame, jpeg_rewrite.coefficients(file), 1_000_000)
    return file.head + scans + b"\xff\xd9"


@settings(max_examples=150, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    seed=st.integers(0, 2**16),
    chroma=st.sampled_from([GRAY, FULL, HALVED_ACROSS, HALVED]),
    wanted=st.fixed_dictionaries(
        {
            "quality": st.integers(1, 100),
            "progressive": st.booleans(),
            "optimize": st.booleans(),
        }
    ),
)
def test_no_pixel_changes(
    size: tuple[int, int], seed: int, chroma: int, wanted: dict[str, Any]
) -> None:
    source = by_mozjpeg(picture(*size, seed), chroma, **wanted)
    file = parsed(source)
    ours = written(file)
    for decoded in (by_pillow, by_vips):
        assert np.array_equal(decoded(ours), decoded(source))
    assert jpeg_rewrite.coefficients(parsed(ours)) == jpeg_rewrite.coefficients(file)
    smaller = jpeg_rewrite.smaller(source)
    assert smaller == (ours if len(ours) < len(source) else source)


@pytest.mark.parametrize("chroma", [GRAY, FULL, HALVED_ACROSS, HALVED])
@pytest.mark.parametrize("make", [photo, screenshot])
def test_tables_and_colours_stay_as_they_are(make: Callable[[], Image.Image], chroma: int) -> None:
    source = by_mozjpeg(make(), chroma, quality=87, dpi=(300, 300))
    before, after = (JpegImageFile(io.BytesIO(data)) for data in (source, written(parsed(source))))
    assert after.info == {**before.info, "progressive": 1, "progression": 1}
    assert after.quantization == before.quantization
    assert after.layer == before.layer


@pytest.mark.parametrize("ids", [b"\x01\x02\x03", b"\x00\x01\x02", b"RGB"])
@pytest.mark.parametrize("size", [(64, 48), (61, 97), (9, 130), (1, 1)])
def test_chroma_halved_downwards_and_other_ids_are_kept(size: tuple[int, int], ids: bytes) -> None:
    """Pillow writes none such: a picture halved across is laid on its side."""
    upright = parsed(by_mozjpeg(picture(*size, seed=9), HALVED_ACROSS, quality=85))
    height, width = (side.to_bytes(2, "big") for side in size)
    start = upright.head.index(b"\x08" + height + width)
    head = bytearray(upright.head)
    head[start + 1 : start + 5] = width + height
    head[start + 6 : start + 15 : 3] = ids
    head[start + 7] = 0x12
    blocks = tuple((wide, high) for high, wide in upright.frame.blocks)
    frame = replace(upright.frame, ids=tuple(ids), across=1, down=2, blocks=blocks)
    scans = jpeg_rewrite._written(frame, jpeg_rewrite.coefficients(upright), 100_000)
    source = bytes(mozjpeg_lossless(bytes(head) + scans + b"\xff\xd9", copy=COPY_MARKERS.NONE))
    file = parsed(source)
    assert file.frame == frame
    ours = written(file)
    assert np.array_equal(by_pillow(ours), by_pillow(source))
    assert np.array_equal(by_vips(ours), by_vips(source))


def test_red_green_and_blue_are_not_taken_for_luma_and_chroma() -> None:
    source = bytes(
        mozjpeg_lossless(saved(photo(), quality=90, keep_rgb=True), copy=COPY_MARKERS.NONE)
    )
    ours = written(parsed(source))
    assert np.array_equal(by_pillow(ours), by_pillow(source))
    assert np.array_equal(by_vips(ours), by_vips(source))


@pytest.mark.parametrize("quality", [60, 80, 90, 95, 98])
@pytest.mark.parametrize("chroma", [GRAY, FULL, HALVED])
def test_a_photo_takes_hardly_ever_more_bytes_than_mozjpegs(chroma: int, quality: int) -> None:
    source = by_mozjpeg(photo(512, 384), chroma, quality=quality)
    assert len(written(parsed(source))) < 1.001 * len(source)


def test_the_child_writes_what_mozjpeg_wrote_again() -> None:
    source = saved(photo(512, 384), quality=80)
    by_theirs = bytes(mozjpeg_lossless(source, copy=COPY_MARKERS.NONE))
    assert OPERATIONS["mozjpeg_lossless"](source) == jpeg_rewrite.smaller(by_theirs)


def test_a_wrong_file_of_ours_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    source = by_mozjpeg(photo(512, 384), quality=80)
    other = written(parsed(by_mozjpeg(photo(512, 384, seed=4), quality=70)))
    scans = other[other.index(b"\xff\xc4") : -2]
    assert len(scans) < len(source) - 1000
    monkeypatch.setattr(jpeg_rewrite, "_written", lambda *_: scans)
    assert jpeg_rewrite.smaller(source) == source


OTHERS = {
    "baseline": saved(photo(), quality=80),
    "four components": by_mozjpeg(photo().convert("CMYK"), FULL),
    "restart markers": saved(photo(), progressive=True, restart_marker_rows=1),
    "a profile": saved(photo(), progressive=True, icc_profile=b"\0" * 200),
    "low bits of direct coefficients": saved(photo(), progressive=True),
    "trailing bytes": by_mozjpeg(photo()) + b"more",
    "no picture": b"\xff\xd8\xff\xd9",
    "nothing": b"",
}


@pytest.mark.parametrize("kind", list(OTHERS))
def test_other_files_are_left_as_they_are(kind: str) -> None:
    assert jpeg_rewrite.smaller(OTHERS[kind]) == OTHERS[kind]


def test_without_memory_for_it_the_file_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    source = by_mozjpeg(photo(), quality=80)
    monkeypatch.setattr(jpeg_rewrite, "_MOST_COEFFICIENTS", 100)
    assert jpeg_rewrite.smaller(source) == source


@pytest.mark.parametrize("missing", range(4))
def test_a_scan_that_is_missing_is_noticed(missing: int) -> None:
    source = by_mozjpeg(photo(), quality=80)
    starts = [at for at in range(len(source)) if source[at : at + 2] == b"\xff\xda"]
    ends = [*starts[1:], len(source) - 2]
    cut = source[: starts[missing]] + source[ends[missing] :]
    with pytest.raises(Unfit):
        parsed(cut)


SMALL = [
    by_mozjpeg(picture(40, 50, seed), chroma, quality=quality)
    for seed, chroma, quality in [(3, GRAY, 60), (1, HALVED, 80), (5, FULL, 95), (2, HALVED, 30)]
]
changes = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=4)


@settings(max_examples=300, deadline=None)
@given(source=st.sampled_from(SMALL), changed=changes, kept=st.floats(0.1, 1))
def test_damage_is_refused_or_makes_another_picture(
    source: bytes, changed: list[tuple[int, int]], kept: float
) -> None:
    data = bytearray(source[: max(2, int(kept * len(source)))])
    for at, value in changed:
        data[at % len(data)] = value
    output = jpeg_rewrite.smaller(bytes(data))
    assert output == data or (
        jpeg_rewrite.coefficients(parsed(output)) == jpeg_rewrite.coefficients(parsed(bytes(data)))
    )


@settings(max_examples=300, deadline=None)
@given(
    source=st.sampled_from(SMALL),
    number=st.integers(0, 100),
    changed=changes,
    kept=st.floats(0, 1),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "first": st.integers(0, 70),
            "last": st.integers(0, 70),
            "low": st.integers(0, 70),
            "refines": st.booleans(),
            "chosen": st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple),
            "of_length": st.binary(min_size=16, max_size=16),
        },
    ),
)
def test_whatever_a_scan_says_coefficients_stay_in_range(
    source: bytes,
    number: int,
    changed: list[tuple[int, int]],
    kept: float,
    fields: dict[str, Any],
) -> None:
    file = parsed(source)
    scan = file.scans[number % len(file.scans)]
    data = bytearray(scan.data[: round(kept * len(scan.data))])
    for at, value in changed if data else ():
        data[at % len(data)] = value
    file.scans[number % len(file.scans)] = altered(scan, bytes(data), fields)
    components = read_through(file)
    for component in components:
        values = np.frombuffer(component, np.int16)
        assert np.min(values) >= -1024
        assert np.max(values) <= 1023


def one_block(symbol: int, bits: str, *, last: int = 63, low: int = 0) -> list[int]:
    """Read a scan of one block: a code 0 for the symbol, 10 for the end of the block, the bits."""
    padded = bits + "0" * (-len(bits) % 8)
    scan = Scan(
        chosen=(0,),
        first=1 if last else 0,
        last=last,
        low=low,
        refines=False,
        tables=(Table(bytes([1, 1]) + bytes(14), bytes([symbol, 0])),),
        data=int(padded, 2).to_bytes(len(padded) // 8, "big"),
    )
    file = File(head=b"", frame=Frame((1,), 1, 1, ((1, 1),)), scans=[scan])
    (component,) = jpeg_rewrite.coefficients(file)
    return list(np.frombuffer(component, np.int16))


@pytest.mark.parametrize(("size", "low"), [(10, 0), (9, 1), (5, 5), (1, 9)])
def test_a_coefficient_of_the_most_bits_is_read(size: int, low: int) -> None:
    found = one_block(size, "0" + "1" * size + "10", low=low)
    assert found[1] == (2**size - 1) << low
    assert not any(found[2:])


@pytest.mark.parametrize(("size", "low"), [(11, 0), (10, 1), (6, 5), (2, 9), (15, 0)])
def test_a_coefficient_of_one_bit_more_is_refused(size: int, low: int) -> None:
    with pytest.raises(native.Broken):
        one_block(size, "0" + "1" * size + "10", low=low)


@pytest.mark.parametrize(("run", "at"), [(0, 1), (15, 16)])
def test_a_run_of_zeros_leads_to_its_coefficient(run: int, at: int) -> None:
    found = one_block(run << 4 | 1, "01" + "10")
    assert [place for place, value in enumerate(found) if value] == [at]


@pytest.mark.parametrize("last", [15, 16])
def test_a_run_may_end_at_the_last_coefficient_of_a_scan_and_not_behind_it(last: int) -> None:
    bits = "01" + ("10" if last > 16 else "")
    if last == 16:
        assert one_block(15 << 4 | 1, bits, last=last)[16] == 1
    else:
        with pytest.raises(native.Broken):
            one_block(15 << 4 | 1, bits, last=last)


def test_a_dc_coefficient_reaches_both_ends_of_its_range_and_not_beyond() -> None:
    assert one_block(11, "0" + "01111111111", last=0)[0] == -1024
    assert one_block(10, "0" + "1" * 10, last=0)[0] == 1023
    for size, bits in ((11, "01111111110"), (11, "10000000000"), (12, "1" * 12), (255, "1" * 99)):
        with pytest.raises(native.Broken):
            one_block(size, "0" + bits, last=0)


def altered(scan: Scan, data: bytes, fields: dict[str, Any]) -> Scan:
    """Return the scan with other bits, and perhaps another header."""
    wanted = dict(fields)
    of_length = wanted.pop("of_length", None)
    if isinstance(of_length, bytes):
        table = Table(of_length, scan.tables[0].listed)
        wanted["tables"] = (table,) * len(scan.tables)
    chosen = wanted.get("chosen")
    if isinstance(chosen, tuple):
        wanted["tables"] = (scan.tables[0],) * len(chosen)
    return replace(scan, data=data, **wanted)


def read_through(file: File) -> tuple[bytearray, ...]:
    """Return the coefficients of all scans, whatever the outcome of each."""
    components = tuple(bytearray(2 * 64 * high * wide) for high, wide in file.frame.blocks)
    pointers = jpeg_rewrite._pointers(file.frame, components)
    read = native.function(
        "leanpix_jpeg_read",
        *[ctypes.c_void_p] * 2,
        ctypes.c_char_p,
        ctypes.c_size_t,
        *[ctypes.c_void_p] * 3,
    )
    layout = ctypes.byref(jpeg_rewrite._layout(file.frame))
    for scan in file.scans:
        try:
            read(
                layout,
                ctypes.byref(jpeg_rewrite._scan(scan)),
                scan.data,
                len(scan.data),
                *pointers,
            )
        except native.Broken:
            continue
    return components


def test_a_scan_that_ends_within_a_symbol_is_refused() -> None:
    # A size of 8 bits and no block's end: the data end behind the code and seven of the bits.
    with pytest.raises(native.Broken):
        one_block(8, "0" + "1" * 7)
