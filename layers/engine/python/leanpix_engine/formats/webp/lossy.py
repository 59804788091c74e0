"""Search lossy WebP by our own encoder, which shows a quality before any file is made."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.webp import container
from leanpix_engine.formats.webp.design import DESIGN
from leanpix_engine.formats.webp.encoder import Encoder, Pixels
from leanpix_engine.limits import Deadline
from leanpix_engine.metric.sampling import SAMPLED_ABOVE_PIXELS, Sample
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Ladder
from leanpix_engine.search.targets import interpolated

HOW = "our encoder"
_STEP = 0.25
_LARGE_TOLERANCE, _LARGE_ENCODES = 0.6, 2
"""For a sampled picture another encode costs more than the 1 % of bytes that it may save."""
# (score, quality that reaches it in the median of photos, change of score per step around it).
_START = ((30.0, 53.0), (50.0, 62.0), (65.0, 73.0), (77.0, 85.5), (85.0, 92.0), (92.0, 98.0))
_SLOPE = ((30.0, 2.0), (50.0, 1.4), (65.0, 1.1), (77.0, 1.0), (85.0, 1.2), (92.0, 1.2))


def ladder(picture: Picture, goal: float, deadline: Deadline, *, saturated: bool) -> Ladder:
    """Return the ladder of a still picture, started by a sample where it is large.

    Args:
        picture: 8 bits, sRGB or with a profile, opaque or with alpha.
        goal: the score to reach.
        deadline: ends the search of the sample.
        saturated: the picture has many edges whose halved chroma is seen.
    """
    pixels = picture.pixels
    if picture.alpha:
        pixels = without_hidden_colours(pixels)
    design = replace(DESIGN, luma_correction=1.0) if saturated else DESIGN
    encoder = Encoder(pixels, design)

    @cache
    def alpha() -> bytes | None:
        return container.alpha_of(picture.pixels[..., 3]) if picture.alpha else None

    def preview(quality: float) -> Picture:
        shown = encoder.preview(quality)
        if picture.alpha:
            shown = np.concatenate([shown, picture.pixels[..., 3:]], axis=-1)
        return replace(picture, frames=shown[np.newaxis])

    whole = Ladder(
        how=HOW,
        encode=encoder.encode,
        preview=preview,
        finish=lambda frame, _: container.assembled(frame, picture, alpha()),
        low=5,
        high=100,
        step=_STEP,
        start=interpolated(_START, goal),
        slope=interpolated(_SLOPE, goal),
    )
    large = picture.width * picture.height > SAMPLED_ABOVE_PIXELS and not picture.alpha
    sample = Sample.chosen(encoder.pixels) if large else None
    return whole if sample is None else _started_by_sample(whole, encoder, sample, goal, deadline)


def _started_by_sample(
    whole: Ladder, encoder: Encoder, sample: Sample, goal: float, deadline: Deadline
) -> Ladder:
    """Return the ladder, started where a mosaic of the picture's tiles reaches the goal."""
    mosaic = sample.mosaic(encoder.pixels)
    small = Encoder(mosaic, encoder.design)
    reference = Reference(mosaic)

    def preview(quality: float) -> Picture:
        return Picture(frames=small.preview(quality)[np.newaxis], mode=Mode.RGB)

    def score(made: bytes | Picture) -> float:
        return reference.score(made.pixels) if isinstance(made, Picture) else -math.inf

    start, slope = replace(whole, preview=preview).locate(goal, score, deadline)
    encoder.learn_from(small)
    return replace(
        whole, start=start, slope=slope, tolerance=_LARGE_TOLERANCE, max_encodes=_LARGE_ENCODES
    )


def without_hidden_colours(pixels: Pixels) -> Pixels:
    """Return the colours of (height, width, 4), those under no alpha as what is seen beside them.

    Means of ever larger squares of visible pixels fill the rest: smooth costs the fewest bits.
    """
    colours, seen = pixels[..., :3].astype(np.float32), pixels[..., 3:] > 0
    if seen.all():
        return np.ascontiguousarray(pixels[..., :3])
    weights = seen.astype(np.float32)
    filled = np.where(seen, colours, _spread(colours * weights, weights))
    return np.rint(filled).astype(np.uint8)


def _spread(
    sums: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return sums by weights, where there are none those of squares twice as large."""
    height, width = weights.shape[:2]
    means = np.asarray(sums / np.maximum(weights, 1), np.float32)
    if height == 1 and width == 1:
        return means
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    halves = []
    for plane in (sums, weights):
        even = np.pad(plane, padding)
        halves.append(even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2])
    coarse = _spread(*halves).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    return np.where(weights > 0, means, coarse)
