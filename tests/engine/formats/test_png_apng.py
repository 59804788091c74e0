"""Test animated PNG files."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw, ImageSequence

from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.formats.png import apng, apng_writer
from leanpix_engine.formats.png.palette import chunk
from tests.engine.conftest import frame_count, opened, photo

DELAYS = [70, 120, 30, 200]


def animation(**settings: object) -> bytes:
    """Return a disc that moves over a transparent canvas."""
    frames = []
    for index in range(len(DELAYS)):
        frame = Image.new("RGBA", (96, 64), (0, 0, 0, 0))
        ImageDraw.Draw(frame).ellipse((8 + 15 * index, 12, 40 + 15 * index, 44), (200, 40, 90))
        frames.append(frame)
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        "PNG",
        save_all=True,
        append_images=frames[1:],
        duration=DELAYS,
        loop=3,
        compress_level=0,
        **settings,
    )
    return buffer.getvalue()


def frames_of(data: bytes) -> list[np.ndarray]:
    image = Image.open(io.BytesIO(data))
    return [np.asarray(frame.convert("RGBA")) for frame in ImageSequence.Iterator(image)]


def seen(frame: np.ndarray) -> np.ndarray:
    """Return the colours where there is something to see."""
    return frame * (frame[..., 3:] > 0)


def test_frames_delays_and_loop_are_kept_at_every_level() -> None:
    source = animation()
    for level in Level:
        result = optimize(source, Options(level=level))
        assert result.frames == len(DELAYS)
        assert result.output is not None
        done = opened(result.output.data)
        assert (frame_count(done), done.info["loop"]) == (len(DELAYS), 3)
        for ours, theirs in zip(frames_of(result.output.data), frames_of(source), strict=True):
            assert np.array_equal(seen(ours), seen(theirs))


def test_a_conversion_to_webp_keeps_the_animation() -> None:
    result = optimize(animation(), Options(target_format=Format.WEBP))
    assert result.output is not None
    done = opened(result.output.data)
    assert frame_count(done) == len(DELAYS)
    durations = []
    for index in range(frame_count(done)):
        done.seek(index)
        done.load()
        durations.append(done.info["duration"])
    assert durations == DELAYS


def film(count: int = 4) -> bytes:
    """Return a photo under a moving disc, of more colours than a palette holds."""
    frames = []
    for index in range(count):
        frame = photo(160, 120).convert("RGBA")
        ImageDraw.Draw(frame).ellipse((8 + 15 * index, 12, 40 + 15 * index, 44), (200, 40, 90))
        frames.append(frame)
    buffer = io.BytesIO()
    more = {"save_all": True, "append_images": frames[1:], "duration": DELAYS[:count], "loop": 2}
    frames[0].save(buffer, "PNG", **more)
    return buffer.getvalue()


def delays_of(data: bytes) -> list[float]:
    frames = ImageSequence.Iterator(Image.open(io.BytesIO(data)))
    return [frame.info["duration"] for frame in frames]


def test_a_lossy_level_makes_it_smaller_than_a_lossless_one_and_keeps_its_timing() -> None:
    source = film()
    lossless = optimize(source, Options(level=Level.LOSSLESS)).output
    lossy = optimize(source, Options(level=Level.HIGH)).output
    assert lossy is not None
    assert lossy.score is not None
    assert lossy.score >= 64.5
    assert len(lossy.data) < 0.8 * (len(lossless.data) if lossless else len(source))
    assert delays_of(lossy.data) == DELAYS
    assert opened(lossy.data).info["loop"] == 2


def test_it_can_be_resized_at_every_level() -> None:
    for level in Level:
        result = optimize(film(), Options(level=level, max_width=80))
        assert result.output is not None
        done = opened(result.output.data)
        assert done.size == (80, 60)
        assert delays_of(result.output.data) == DELAYS


@given(
    arrays(np.uint8, (3, 5, 7, 4), elements=st.sampled_from([0, 90, 255])),
    st.booleans(),
)
def test_what_is_written_is_what_is_composed(frames: np.ndarray, in_palette: bool) -> None:  # noqa: FBT001 - drawn
    if in_palette:
        colours, inverse = np.unique(frames.reshape(-1, 4), axis=0, return_inverse=True)
        indices = np.asarray(inverse, np.uint8).reshape(frames.shape[:3])
        data = apng_writer.indexed(indices, colours, (10, 20, 70_000), 5)
    else:
        data = apng_writer.in_colours(frames, (10, 20, 70_000), 5)
    done = apng.decode(data)
    assert (done.delays_ms, done.loop) == ((10, 20, 65_535), 5)
    for ours, theirs in zip(done.frames, frames, strict=True):
        assert np.array_equal(seen(ours), seen(theirs))


def test_sixteen_bits_are_left_alone() -> None:
    source = animation()
    deep = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 0, 0, 0, 0))
    frame = struct.pack(">IIIIIHHBB", 0, 8, 8, 0, 0, 1, 10, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + bytes(range(16)) for _ in range(8)))
    second = (1).to_bytes(4, "big") + frame[4:]
    source = b"".join(
        [
            source[:8],
            deep,
            chunk(b"acTL", struct.pack(">II", 2, 0)),
            chunk(b"fcTL", frame),
            chunk(b"IDAT", rows),
            chunk(b"fcTL", second),
            chunk(b"fdAT", (2).to_bytes(4, "big") + rows),
            chunk(b"IEND", b""),
        ]
    )
    result = optimize(source, Options())
    assert (result.output, result.reason) == (None, "depth_kept")
