"""Search for the design of our JPEG encoder: quantization tables and weights of a bit.

    python -m benchmarks.jpeg_tuning FOLDER [--sweeps 6] [--goal 77]

Coordinate descent over a factor for each diagonal of both tables and the weights. What is made
small is the mean logarithm of the bytes that photos need for the goal. A step of the search
encodes each photo once, near the goal, and puts down what its score is off by the photo's own
slope of bytes per score; the slopes are measured anew before each sweep. Prints each sweep's
design in the form in which `leanpix_engine/formats/jpeg/tables.py` holds it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from leanpix_engine.formats.jpeg.encoder import Encoder
from leanpix_engine.formats.jpeg.tables import DESIGN, Design, Table
from leanpix_engine.metric.ssimulacra2 import Reference

_SIDE = 512
"""Of the square cut out of the middle of each photo."""
_DIAGONALS = 15
_FIRST_STEP, _LEAST_GAIN = 0.1, 0.00005
_USUAL_SLOPE = 0.03
"""Change of the logarithm of bytes for a point of score, before it is measured."""
_WEIGHTS = tuple(field.name for field in fields(Design) if field.name not in ("luma", "chroma"))


@dataclass(frozen=True, slots=True)
class Knob:
    """A number of the design: a weight, or a diagonal of a table."""

    name: str
    diagonal: int | None = None

    def turned(self, design: Design, by: float) -> Design:
        """Return the design with this number times e^`by`."""
        value = getattr(design, self.name)
        changed: dict[str, Any] = {
            self.name: value * math.exp(by)
            if self.diagonal is None
            else _scaled(value, self.diagonal, math.exp(by))
        }
        return replace(design, **changed)


def _scaled(table: Table, diagonal: int, factor: float) -> Table:
    return tuple(
        tuple(step * factor if row + column == diagonal else step for column, step in enumerate(r))
        for row, r in enumerate(table)
    )


def knobs() -> Iterator[Knob]:
    """Return all numbers that are searched."""
    for name in _WEIGHTS:
        yield Knob(name)
    for table in ("luma", "chroma"):
        for diagonal in range(_DIAGONALS):
            yield Knob(table, diagonal)


class Photo:
    """A photo and its state before the sweep."""

    def __init__(self, path: Path, goal: float) -> None:
        """Cut the middle out of the photo at `path`."""
        image = Image.open(path).convert("RGB")
        left, top = (max(0, (side - _SIDE) // 2) for side in image.size)
        pixels = np.asarray(image.crop((left, top, left + _SIDE, top + _SIDE)))
        self._pixels = np.ascontiguousarray(pixels[: image.height, : image.width])
        self._reference = Reference(self._pixels)
        self._goal = goal
        self._quality, self._slope = 80.0, _USUAL_SLOPE

    def measure(self, design: Design, quality: float) -> tuple[float, float]:
        """Return the score and the logarithm of the size."""
        encoder = Encoder(self._pixels, halved=True, design=design)
        score = self._reference.score(encoder.preview(quality))
        return score, math.log(len(encoder.encode(quality)))

    def settle(self, design: Design) -> None:
        """Find the quality that reaches the goal, and the slope there."""
        low, high = 20.0, 99.0
        while high - low > 1:
            middle = (low + high) / 2
            reaches = self.measure(design, middle)[0] >= self._goal
            low, high = (low, middle) if reaches else (middle, high)
        (worse, fewer), (better, more) = self.measure(design, low), self.measure(design, high)
        self._slope = (more - fewer) / max(better - worse, 0.1)
        self._quality = low + (high - low) * (self._goal - worse) / max(better - worse, 0.1)

    def cost(self, design: Design) -> float:
        """Return the logarithm of the size at the goal, as the slope foretells it."""
        score, bytes_log = self.measure(design, self._quality)
        return bytes_log + (self._goal - score) * self._slope


def sweep(photos: list[Photo], design: Design, steps: dict[Knob, float]) -> tuple[Design, float]:
    """Change every knob once in both directions, keep what helps, and return the mean cost too."""

    def cost(tried: Design) -> float:
        return float(np.mean([photo.cost(tried) for photo in photos]))

    for photo in photos:
        photo.settle(design)
    least = cost(design)
    for knob, step in steps.items():
        for by in (step, -step):
            tried = knob.turned(design, by)
            found = cost(tried)
            if found < least - _LEAST_GAIN:
                design, least = tried, found
                steps[knob] = by * 1.2
                break
        else:
            steps[knob] = step / 2
    return design, least


def text_of(design: Design) -> str:
    """Return the design as Python source."""
    lines = []
    for name in ("luma", "chroma"):
        rows = [
            "(" + ", ".join(f"{step:.1f}" for step in row) + ")," for row in getattr(design, name)
        ]
        lines += [f"{name}=(", *(f"    {row}" for row in rows), "),"]
    return "\n".join([*lines, *(f"{name}={getattr(design, name):.3g}," for name in _WEIGHTS)])


def main(
    folder: Annotated[Path, typer.Argument(help="Photos, as JPEG or PNG.")],
    sweeps: Annotated[int, typer.Option(help="How often every knob is turned.")] = 6,
    goal: Annotated[float, typer.Option(help="SSIMULACRA2 to reach.")] = 77.0,
) -> None:
    """Search for a better design than the one in use."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
    photos = [Photo(path, goal) for path in paths]
    design, steps = DESIGN, dict.fromkeys(knobs(), _FIRST_STEP)
    for number in range(sweeps):
        design, cost = sweep(photos, design, steps)
        typer.echo(f"# sweep {number + 1}: mean of {math.exp(cost):.0f} bytes\n{text_of(design)}")


if __name__ == "__main__":
    typer.run(main)
