"""Measure the mean SSIMULACRA2 of JPEG qualities over a folder of photos.

    python -m benchmarks.quality_curve FOLDER

prints one line per quality: libjpeg-turbo (Pillow's default JPEG, what `quality=N` means to
people), which `leanpix_engine/search/targets.py` holds, and our encoder, which
`formats/jpeg/codec.py` holds.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from leanpix_engine.formats.jpeg.encoder import Encoder
from leanpix_engine.metric.ssimulacra2 import Reference

QUALITIES = (
    1,
    5,
    10,
    15,
    20,
    25,
    30,
    35,
    40,
    45,
    50,
    55,
    60,
    65,
    70,
    75,
    80,
    85,
    90,
    92,
    94,
    96,
    98,
    100,
)
SIDE = 1024
"""Photos are cropped to this at most, so that large ones do not take all the time."""


def _turbo(photo: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _ours(photo: Image.Image, quality: int) -> bytes:
    return Encoder(np.asarray(photo), halved=True).encode(quality)


def main(folder: Path) -> None:
    """Print each quality with the mean scores of libjpeg-turbo and of our encoder."""
    scores: dict[tuple[str, int], list[float]] = {}
    for path in sorted(folder.rglob("*.jp*g")):
        photo = Image.open(path).convert("RGB")
        photo = photo.crop((0, 0, min(SIDE, photo.width), min(SIDE, photo.height)))
        reference = Reference(np.asarray(photo))
        for quality in QUALITIES:
            for name, encode in (("turbo", _turbo), ("ours", _ours)):
                decoded = np.asarray(Image.open(io.BytesIO(encode(photo, quality))).convert("RGB"))
                scores.setdefault((name, quality), []).append(reference.score(decoded))
    for quality in QUALITIES:
        print(
            quality,
            *(round(float(np.mean(scores[name, quality])), 1) for name in ("turbo", "ours")),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
