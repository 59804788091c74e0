"""Test any folder of images, before and after: set LEANPIX_CORPUS to it.

Both sides are rendered by Pillow, and what one sees is compared: size, frames, delays, loop,
appearance in sRGB on white.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, ImageSequence

from leanpix_engine import Format, Level, Options, Reason, Refused, optimize
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.search.targets import FLOOR_BELOW_GOAL, LEVEL_SCORES

FOLDER = os.environ.get("LEANPIX_CORPUS", "")
FILES = sorted(path for path in Path(FOLDER).rglob("*.*") if path.is_file()) if FOLDER else []
SRGB = ImageCms.createProfile("sRGB")
FRAMES_COMPARED = 5

pytestmark = [
    pytest.mark.skipif(not FOLDER, reason="LEANPIX_CORPUS names no folder of images"),
    pytest.mark.filterwarnings("ignore::UserWarning:PIL"),  # Pillow's doubts about odd files
]


def seen(image: Image.Image) -> np.ndarray:
    """Return the pixels that a viewer with colour management shows, on white."""
    image = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    alpha = image.convert("RGBA").getchannel("A") if transparent else None
    if image.mode not in ("RGB", "CMYK"):
        image = image.convert("RGBA").convert("RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() == image.mode:
            image = ImageCms.profileToProfile(image, source, SRGB, outputMode="RGB") or image
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image.convert("RGB"), mask=alpha)
    return np.asarray(flat)


def animation(data: bytes) -> tuple[tuple[int, int], int, list[int], int]:
    """Return the size as seen, frames, delays and loop."""
    image = Image.open(io.BytesIO(data))
    size = ImageOps.exif_transpose(image).size
    delays = [int(frame.info.get("duration", 0)) for frame in ImageSequence.Iterator(image)]
    return size, len(delays), delays if len(delays) > 1 else [], image.info.get("loop", 0)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_looks_the_same_before_and_after(path: Path, level: Level) -> None:
    source = path.read_bytes()
    try:
        result = optimize(source, Options(level=level))
    except Refused as refusal:
        if refusal.reason is Reason.ENGINE_FAILURE:
            raise
        return
    if result.output is None:
        assert result.reason
        return
    assert len(result.output.data) < len(source)
    if result.original_format is Format.SVG:
        return
    size, frames, delays, loop = animation(source)
    new_size, new_frames, new_delays, new_loop = animation(result.output.data)
    assert new_size == size == (result.output.width, result.output.height)
    assert sum(new_delays) == sum(delays)
    assert new_frames == frames or level is not Level.LOSSLESS
    assert new_loop == loop
    if new_frames == frames:
        compare(source, result.output.data, level, frames)


def compare(source: bytes, output: bytes, level: Level, frames: int) -> None:
    """Compare two files: the same pixels, or a score that the level stands for."""
    before, after = Image.open(io.BytesIO(source)), Image.open(io.BytesIO(output))
    scores = []
    for index in sorted({round(i) for i in np.linspace(0, frames - 1, FRAMES_COMPARED)}):
        before.seek(index)
        after.seek(index)
        first, second = seen(before.copy()), seen(after.copy())
        if level is Level.LOSSLESS:
            assert np.array_equal(first, second)
        elif min(first.shape[:2]) >= 8:
            scores.append(Reference(first).score(second))
    if scores:
        tolerance = FLOOR_BELOW_GOAL + (1.5 if before.mode == "CMYK" or frames > 1 else 0.5)
        assert np.mean(scores) >= LEVEL_SCORES[level] - tolerance
