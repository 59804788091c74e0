"""Search for the design of our WebP encoder: deltas of quantizers, weights, what a bit may cost.

    python -m benchmarks.webp_tuning FOLDER [--sweeps 4] [--goals 77 --goals 65] [--only knob,...]

Coordinate descent. What is made small is the mean logarithm of the bytes that photos need for the
goals. A step of the search encodes each photo once for each goal, near it, and puts down what its
score is off by the photo's own slope of bytes per score; the slopes are measured anew before each
sweep. Photos of `HELD_OUT` are not read: results are reported on them. Prints each sweep's design
in the form in which `leanpix_engine/formats/webp/design.py` holds it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from PIL import Image

from leanpix_engine.formats.webp.design import DESIGN, Design
from leanpix_engine.formats.webp.encoder import Encoder
from leanpix_engine.metric.ssimulacra2 import Reference

HELD_OUT: Final = tuple(f"kodim{number:02d}" for number in (2, 6, 9, 12, 14, 16, 17, 21))
"""Beginnings of the names of photos that results are reported on."""
_SIDE = 448
"""Of the square cut out of the middle of each photo."""
_FIRST_STEP, _LEAST_GAIN = 0.15, 0.0001
_USUAL_SLOPE = 0.03
"""Change of the logarithm of bytes for a point of score, before it is measured."""
_WHOLE = ("y1_dc", "y2_dc", "y2_ac", "uv_dc", "uv_ac", "looks", "filter_level", "filter_sharpness")
_ADDED = (
    "block_bits",
    "chroma_sharpening",
    "luma_correction",
    "segment_slope",
    "masking",
    "segment_masking",
    "block_masking",
    "brightness",
)
_BOUNDS: Final = {"filter_level": (0, 63), "filter_sharpness": (0, 7), "looks": (1, 10)}
_MOST_DELTA = 15
_LOOKED_AT = ("filter_level", "filter_from", "filter_slope", "filter_sharpness")
"""The metric is against any filter; eyes are for some."""


@dataclass(frozen=True, slots=True)
class Knob:
    """One number to turn: a setting, or one of its weights."""

    name: str
    index: int | None = None

    def turned(self, design: Design, by: float) -> Design:
        """Return the design with this number turned by a step."""
        value: Any = getattr(design, self.name)
        if self.index is None:
            changed: dict[str, Any] = {self.name: self._moved(value, by)}
            return replace(design, **changed)
        weights = list(value)
        weights[self.index] *= math.exp(by)
        turned: dict[str, Any] = {self.name: tuple(weights)}
        return replace(design, **turned)

    def _moved(self, value: float, by: float) -> float:
        if self.name in _WHOLE:
            low, high = _BOUNDS.get(self.name, (-_MOST_DELTA, _MOST_DELTA))
            step = math.copysign(max(1, round(abs(by) * 14)), by)
            return min(max(value + step, low), high)
        if self.name in _ADDED:
            return value + by * (5 if self.name == "segment_slope" else 1)
        return value * math.exp(by)


def knobs() -> Iterator[Knob]:
    """Yield all that is searched."""
    for field in fields(Design):
        if field.name.endswith("_weights"):
            yield from (Knob(field.name, index) for index in range(1, 4))
        elif field.name not in ("looks", *_LOOKED_AT):
            yield Knob(field.name)
    yield Knob("chroma_weights", 0)


class Photo:
    """One photo and a goal, and where it stood before the sweep."""

    def __init__(self, path: Path, goal: float) -> None:
        """Cut the middle out of a photo."""
        image = Image.open(path).convert("RGB")
        left, top = (max(0, (side - _SIDE) // 2) for side in image.size)
        pixels = np.asarray(image.crop((left, top, left + _SIDE, top + _SIDE)))
        self._pixels = np.ascontiguousarray(pixels[: image.height, : image.width])
        self._reference = Reference(self._pixels)
        self._goal = goal
        self._quality, self._slope = 80.0, _USUAL_SLOPE
        self._known: Encoder | None = None

    def measure(self, design: Design, quality: float) -> tuple[float, float]:
        """Return score and logarithm of bytes."""
        encoder = Encoder(self._pixels, design)
        if self._known:
            encoder.learn_from(self._known)
        score = self._reference.score(encoder.preview(quality))
        size = len(encoder.encode(quality))
        self._last = encoder
        return score, math.log(size)

    def settle(self, design: Design) -> None:
        """Find the quality that reaches the goal, and the slope there."""
        low, high = 40.0, 99.0
        while high - low > 1:
            middle = (low + high) / 2
            reaches = self.measure(design, middle)[0] >= self._goal
            self._known = self._last
            low, high = (low, middle) if reaches else (middle, high)
        (worse, fewer), (better, more) = (
            self.measure(design, low - 0.5),
            self.measure(design, high + 0.5),
        )
        self._slope = (more - fewer) / max(better - worse, 0.1)
        share = (self._goal - worse) / max(better - worse, 0.1)
        self._quality = low - 0.5 + (high - low + 1) * share

    def cost(self, design: Design) -> float:
        """Return the logarithm of bytes at the goal, as the slope foretells it."""
        score, bytes_log = self.measure(design, self._quality)
        return bytes_log + (self._goal - score) * self._slope


def sweep(photos: list[Photo], design: Design, steps: dict[Knob, float]) -> tuple[Design, float]:
    """Turn every knob once, either way, and keep what helps; return its mean cost too."""

    def cost(tried: Design) -> float:
        return float(np.mean([photo.cost(tried) for photo in photos]))

    for photo in photos:
        photo.settle(design)
    least = cost(design)
    begun = least
    for knob, step in steps.items():
        for by in (step, -step):
            tried = knob.turned(design, by)
            if tried == design:
                continue
            found = cost(tried)
            if found < least - _LEAST_GAIN:
                typer.echo(f"#   {knob.name}[{knob.index}] {by:+.3f}: {found - least:+.5f}")
                design, least = tried, found
                steps[knob] = by * 1.2
                break
        else:
            steps[knob] = step / 2
    typer.echo(f"# {least - begun:+.5f}")
    return design, least


def text_of(design: Design) -> str:
    """Return the design as it stands in the code."""
    lines = []
    for field in fields(Design):
        value = getattr(design, field.name)
        if isinstance(value, tuple):
            text = "(" + ", ".join(f"{weight:.3g}" for weight in value) + ")"
        else:
            text = f"{value:.3g}"
        lines.append(f"{field.name}={text},")
    return "\n".join(lines)


def tuned_on(folder: Path) -> list[Path]:
    """Return the photos of a folder but those that results are reported on."""
    photos = (path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    return sorted(path for path in photos if not path.name.startswith(HELD_OUT))


def main(
    folder: Annotated[Path, typer.Argument(help="Photos, as JPEG or PNG.")],
    sweeps: Annotated[int, typer.Option(help="How often every knob is turned.")] = 4,
    goals: Annotated[list[float] | None, typer.Option(help="SSIMULACRA2 to reach.")] = None,
    only: Annotated[str, typer.Option(help="Knobs, with commas between them.")] = "",
) -> None:
    """Search for a better design than the one in use."""
    photos = [Photo(path, goal) for path in tuned_on(folder) for goal in goals or (77.0, 65.0)]
    chosen = [knob for knob in knobs() if not only or knob.name in only.split(",")]
    design, steps = DESIGN, dict.fromkeys(chosen, _FIRST_STEP)
    for number in range(sweeps):
        design, cost = sweep(photos, design, steps)
        typer.echo(f"# sweep {number + 1}: mean of {math.exp(cost):.0f} bytes\n{text_of(design)}")


if __name__ == "__main__":
    typer.run(main)
