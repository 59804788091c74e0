"""Compare AVIF of photos with sharp's at equal score, photo by photo.

    python -m benchmarks.avif FOLDER [--level medium]

sharp's files are those of libvips with sharp's defaults (effort 4, 4:4:4, 8 bits), at four
qualities, decoded and scored the same way; bytes in between are interpolated. Photos whose score
lies beyond those are named and left out.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import pyvips
import typer
from PIL import Image

from benchmarks.interpolation import Rung, bytes_at
from benchmarks.webp_tuning import HELD_OUT
from leanpix_engine import Format, Level, Options, optimize
from leanpix_engine.formats.avif.aom import Rgb
from leanpix_engine.metric.ssimulacra2 import Reference

_QUALITIES: Final = (40, 50, 58, 66, 74)


def main(
    folder: Annotated[Path, typer.Argument(help="photos, as JPEG")], level: Level = Level.MEDIUM
) -> None:
    """Print each photo's ratio, and medians of those kept apart from tuning and of the others."""
    ratios: dict[bool, list[float]] = {True: [], False: []}
    seconds: list[float] = []
    for path in sorted(folder.glob("*.jpg")):
        source = path.read_bytes()
        options = Options(target_format=Format.AVIF, level=level, assume_pristine=True)
        started = time.process_time()
        output = optimize(source, options).output
        spent = time.process_time() - started
        if output is None or output.score is None:
            print(f"{path.name}: no file")
            continue
        rgb = np.asarray(Image.open(path).convert("RGB"))
        theirs = bytes_at(_rungs(rgb), output.score)
        seconds.append(spent / (rgb.size / 3e6))
        if theirs is None:
            print(f"{path.name}: {output.score} lies beyond sharp's files")
            continue
        ratio = len(output.data) / theirs
        ratios[path.name.startswith(HELD_OUT)].append(ratio)
        print(f"{path.name}: {ratio:.3f} at {output.score}, {seconds[-1]:.2f} s/MP", flush=True)
    for is_held_out, found in ratios.items():
        if found:
            name = "kept apart" if is_held_out else "others"
            print(f"{name}: median {statistics.median(found):.3f} of {len(found)}")
    if seconds:
        print(f"CPU: mean {statistics.mean(seconds):.2f} s/MP")


def _rungs(rgb: Rgb) -> list[Rung]:
    reference, image = Reference(rgb), pyvips.Image.new_from_array(rgb)
    rungs = []
    for quality in _QUALITIES:
        data = image.heifsave_buffer(
            compression="av1", effort=4, Q=quality, subsample_mode="off", bitdepth=8
        )
        shown = pyvips.Image.new_from_buffer(data, "").numpy()
        rungs.append(Rung(quality, len(data), reference.score(shown)))
    return rungs


if __name__ == "__main__":
    typer.run(main)
