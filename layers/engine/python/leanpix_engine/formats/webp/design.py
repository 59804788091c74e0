"""Settings of our WebP encoder.

They were found by coordinate descent on the bytes that photos need for the same SSIMULACRA2:
`python -m benchmarks.webp_tuning`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How coefficients are quantized and predictions chosen; see vp8.h for the weights."""

    luma_weights: tuple[float, float, float, float]
    chroma_weights: tuple[float, float, float, float]
    block_factor: float
    whole_factor: float
    y2_factor: float
    chroma_factor: float
    mode_factor: float
    texture: float
    rough_bits: float
    rough_dead_zone: float
    block_bits: float
    looks: float
    bit_cost: float
    """What a bit costs in squared steps of luma's AC coefficients."""
    chroma_sharpening: float
    luma_correction: float
    segment_slope: float
    """How far the quantizer rises where activity is twice as high."""
    masking: float
    """By which power of 2 a bit's cost rises with a macroblock's activity within its segment."""
    segment_masking: float
    """The same with the segment's own."""
    block_masking: float
    """The same with a block's within its macroblock."""
    brightness: float
    """The same from mean gray to white."""
    y1_dc: float
    y2_dc: float
    y2_ac: float
    uv_dc: float
    uv_ac: float
    filter_level: float
    """The loop filter's level at most; seams of blocks are seen where quantizers are coarse."""
    filter_from: float
    """The quantizer above which there is a filter."""
    filter_slope: float
    """Levels for each quantizer above that."""
    filter_sharpness: float


DESIGN: Final = Design(
    luma_weights=(1, 0.6, 0.402, 0.2),
    chroma_weights=(1.78, 0.94, 0.158, 0.241),
    block_factor=0.379,
    whole_factor=1.98,
    y2_factor=0.2,
    chroma_factor=0.422,
    mode_factor=0.579,
    texture=0.5,
    rough_bits=1.39,
    rough_dead_zone=0.46,
    block_bits=-0.112,
    looks=2,
    bit_cost=0.0837,
    chroma_sharpening=1.12,
    luma_correction=0.0,
    segment_slope=5.15,
    masking=0.73,
    segment_masking=-0.0375,
    block_masking=0.33,
    brightness=0.15,
    y1_dc=-15,
    y2_dc=-9,
    y2_ac=-13,
    uv_dc=-15,
    uv_ac=-2,
    filter_level=6.0,
    filter_from=24.0,
    filter_slope=0.5,
    filter_sharpness=0.0,
)
