"""Estimate from the headers of an image how small it will get."""

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
    """The facts of an image that its headers tell."""

    format: str
    content_type: str
    pixels: int
    """The pixels of all frames together; 0 where the headers could not be read."""
    quantizer: float | None = None
    """The mean quantization step of a JPEG's brightness."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A fit of `ln(share)`: a constant, and what each known fact of the image adds to it.

    The facts are the logarithm of its bits per pixel, the quality asked for, and for a JPEG the
    logarithm of its quantizer: a coarsely stored image has little left to give.
    """

    constant: float
    per_log_bits: float
    per_quality: float
    per_log_quantizer: float = 0.0


CURVES: Final = {
    "jpg": Curve(-3.864, 0.157, 0.0209, 0.558),
    "png": Curve(-2.709, 0.046, 0.0186),
    "webp": Curve(-2.129, 0.002, 0.02),
    "gif": Curve(-1.231, -0.033, 0.0107),
    "avif": Curve(-2.189, -0.15, 0.0224),
}
"""Least-squares fits to what the engine made of 17 photos and drawings at three qualities, by
`python -m benchmarks.estimates`. Of pictures that a fit has not seen, the mean error is 26 % for
JPEG, 32 % for PNG, 28 % for GIF, 23 % for AVIF and 65 % for WebP, of which headers tell least.
"""


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
        + curve.per_log_quantizer * math.log(facts.quantizer or 1.0)
    )
    return round(original_bytes * min(max(share, LEAST_SHARE), MOST_SHARE))
