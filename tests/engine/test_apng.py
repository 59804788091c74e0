"""What becomes of an animated PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageSequence

from leanpix_engine import Format, Level, Options, optimize

from .conftest import opened

DELAYS = [70, 120, 30, 200]


def animation(**settings: object) -> bytes:
    """A disc that moves over a transparent canvas."""
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
    """Colours where there is something to see."""
    return frame * (frame[..., 3:] > 0)


def test_frames_delays_and_loop_are_kept_at_every_level() -> None:
    source = animation()
    for level in Level:
        result = optimize(source, Options(level=level))
        assert result.frames == len(DELAYS)
        assert result.output is not None
        done = opened(result.output.data)
        assert (done.n_frames, done.info["loop"]) == (len(DELAYS), 3)
        for ours, theirs in zip(frames_of(result.output.data), frames_of(source), strict=True):
            assert np.array_equal(seen(ours), seen(theirs))


def test_a_conversion_to_webp_keeps_the_animation() -> None:
    result = optimize(animation(), Options(target_format=Format.WEBP))
    assert result.output is not None
    done = opened(result.output.data)
    assert done.n_frames == len(DELAYS)
    durations = []
    for index in range(done.n_frames):
        done.seek(index)
        done.load()
        durations.append(done.info["duration"])
    assert durations == DELAYS
