"""Compare the estimate of a source's loss with the truth, over a folder of photos that lost none.

    python -m benchmarks.history FOLDER

prints for each encoder and quality the mean true score, and the estimate's mean error and standard
deviation. `docs/decisions/0039-never-twice.md` and the curves in the codecs of WebP and AVIF hold
what it printed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from leanpix_engine.format import Format
from leanpix_engine.formats.registry import codec_of
from leanpix_engine.limits import Limits
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.picture import Pixels
from leanpix_engine.picture.vips import pyvips

Encode = Callable[[Pixels, int], bytes]


def _libjpeg(pixels: Pixels, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def _mozjpeg(pixels: Pixels, quality: int) -> bytes:
    save = pyvips.Image.new_from_array(pixels).jpegsave_buffer
    return bytes(
        save(
            Q=quality, trellis_quant=True, overshoot_deringing=True, quant_table=3, interlace=True
        )
    )


def _webp(pixels: Pixels, quality: int) -> bytes:
    return bytes(pyvips.Image.new_from_array(pixels).webpsave_buffer(Q=quality, effort=4))


def _avif(pixels: Pixels, quality: int) -> bytes:
    save = pyvips.Image.new_from_array(pixels).heifsave_buffer
    return bytes(save(Q=quality, compression="av1", effort=1))


WAYS: Final[dict[str, tuple[Format, Encode, tuple[int, ...]]]] = {
    "libjpeg": (Format.JPEG, _libjpeg, (50, 60, 70, 75, 82, 88, 92, 95)),
    "mozjpeg": (Format.JPEG, _mozjpeg, (50, 60, 70, 75, 82, 88, 92, 95)),
    "libwebp": (Format.WEBP, _webp, (50, 65, 75, 80, 85, 90, 95, 98)),
    "libaom": (Format.AVIF, _avif, (40, 50, 60, 70, 80, 90)),
}


def compare(photos: list[Pixels], format_: Format, encode: Encode, quality: int) -> str:
    """Return a line with the true score and the estimate's error at a quality."""
    codec, limits = codec_of(format_), Limits()
    true, errors = [], []
    for pixels in photos:
        source = encode(pixels, quality)
        picture = codec.decode(source, limits)
        score = Reference(pixels).score(np.ascontiguousarray(picture.rgb8()[0]))
        true.append(score)
        errors.append(codec.source_score(source, picture) - score)
    return (
        f"{quality:3d}: true {np.mean(true):5.1f}, error {np.mean(errors):+.1f} "
        f"± {np.std(errors):.1f}, worst {max(errors, key=abs):+.1f}"
    )


def main(folder: Path) -> None:
    """Print the table for all photos of a folder."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".png", ".jpg", ".webp"})
    photos = [np.ascontiguousarray(np.asarray(Image.open(path).convert("RGB"))) for path in files]
    for name, (format_, encode, qualities) in WAYS.items():
        print(f"{name}, {len(photos)} photos")
        for quality in qualities:
            print("  " + compare(photos, format_, encode, quality), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
