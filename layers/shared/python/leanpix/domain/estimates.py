"""How small an image will get, told from its headers before it is worked on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from leanpix.domain.options import Compression

if TYPE_CHECKING:
    from leanpix.domain.options import ImageOptions

EQUIVALENT_QUALITY: Final = {Compression.MEDIUM: 80, Compression.HIGH: 60}
LEAST_SHARE: Final = 0.05
MOST_SHARE: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    """What an image's headers say."""

    format: str
    content_type: str
    pixels: int
    """Of all frames together."""


@dataclass(frozen=True, slots=True)
class Curve:
    """``ln(share) = constant + per_log_bits · ln(bits per pixel) + per_quality · quality``."""

    constant: float
    per_log_bits: float
    per_quality: float


CURVES: Final = {
    "jpg": Curve(-1.55, -0.55, 0.018),
    "png": Curve(-1.6, -0.15, 0.009),
    "webp": Curve(-0.6, -0.35, 0.007),
    "gif": Curve(-0.4, 0.0, 0.002),
    "avif": Curve(-0.2, 0.0, 0.002),
}
"""Least-squares fits to what the engine made of images (``benchmarks/estimates.py``)."""


def estimate_bytes(original_bytes: int, facts: ImageFacts | None, options: ImageOptions) -> int:
    """Return about how many bytes the optimized image will have, never more than it has now."""
    curve = CURVES.get(facts.format) if facts else None
    if facts is None or curve is None or facts.pixels == 0:
        return original_bytes
    quality = options.quality or EQUIVALENT_QUALITY.get(options.compression, 100)
    bits_per_pixel = original_bytes * 8 / facts.pixels
    share = math.exp(
        curve.constant
        + curve.per_log_bits * math.log(bits_per_pixel)
        + curve.per_quality * quality
    )
    return round(original_bytes * min(max(share, LEAST_SHARE), MOST_SHARE))
