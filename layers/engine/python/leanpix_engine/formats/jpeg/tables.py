"""Quantization tables and settings of our JPEG encoder.

Tables and settings were found by coordinate descent on the bytes that photos need for the same
SSIMULACRA2 of 77: `python -m benchmarks.jpeg_tuning`, with mozjpeg's progressive scans then, with
ours now. The start were jpegli's tables; one factor for each diagonal of a table was searched for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

SYMBOLS: Final = 256
_SIZES_OF_RUN: Final = 16
_LARGEST_STEP: Final = 255
_REFERENCE_PERCENT: Final = 40.0
"""libjpeg's scale at quality 80, for which the tables below are."""

_COARSE_PERCENT: Final = 75.0
"""libjpeg's scale at quality 62, about where SSIMULACRA2 is 65."""
_MOST_COARSENESS: Final = 1.3
_AT_COARSE: Final = np.array(
    [
        [1.25 if row + column < 2 else 0.8 if row + column < 5 else 1.0 for column in range(8)]  # noqa: PLR2004 - diagonals
        for row in range(8)
    ]
)
"""Factors on luma's steps at that scale: Butteraugli misses the waves of middling length first. At
equal bytes they win 4 % of it, and cost .6 points of SSIMULACRA2 (decision 34)."""
_SHARE_POWER: Final = 0.645
_LEAST_SHARE: Final = 0.3

Table = tuple[tuple[float, ...], ...]
"""Steps at quality 80 for a block of 8 x 8, by rows, in the order of rising frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The design of a quantizer; `struct jpeg_quantizer` in jpeg.h explains the weights."""

    luma: Table
    chroma: Table
    luma_bit_weight: float
    chroma_bit_weight: float
    masking_knee: float
    masking_scale: float
    masking_power: float
    end_of_block_share: float
    """Progressive scans code ends of blocks in runs: cheaper than they look."""


DESIGN: Final = Design(
    luma=(
        (3.1, 4.9, 12.0, 14.1, 17.7, 17.2, 19.1, 18.5),
        (4.9, 8.7, 14.1, 15.0, 17.2, 16.5, 18.5, 19.1),
        (12.0, 14.1, 15.0, 16.0, 17.8, 18.5, 17.9, 19.9),
        (14.1, 15.0, 16.0, 17.8, 19.6, 22.7, 22.3, 19.7),
        (17.7, 17.2, 17.8, 19.6, 21.5, 23.4, 22.8, 26.0),
        (17.2, 16.5, 18.5, 22.7, 23.4, 22.8, 24.8, 23.1),
        (19.1, 18.5, 17.9, 22.3, 22.8, 24.8, 20.3, 22.9),
        (18.5, 19.1, 19.9, 19.7, 26.0, 23.1, 22.9, 18.0),
    ),
    chroma=(
        (2.9, 3.5, 11.2, 9.9, 14.4, 12.2, 17.0, 14.4),
        (3.5, 7.9, 11.1, 10.5, 12.2, 12.7, 12.2, 12.2),
        (11.2, 11.1, 13.1, 11.0, 14.2, 11.1, 11.2, 10.9),
        (9.9, 10.5, 11.0, 12.7, 12.2, 11.2, 10.9, 11.8),
        (14.4, 12.2, 14.2, 12.2, 8.2, 11.8, 9.0, 10.9),
        (12.2, 12.7, 11.1, 11.2, 11.8, 10.0, 11.8, 17.2),
        (17.0, 12.2, 11.2, 10.9, 9.0, 11.8, 18.1, 17.2),
        (14.4, 12.2, 10.9, 11.8, 10.9, 17.2, 17.2, 141.2),
    ),
    luma_bit_weight=0.0375,
    chroma_bit_weight=0.021,
    masking_knee=2.8,
    masking_scale=62.8,
    masking_power=0.39,
    end_of_block_share=0.67,
)
_END_OF_BLOCK, _RUN_OF_16 = 0x00, 0xF0
_LONGEST_CODE: Final = 16


@cache
def zigzag() -> list[int]:
    """Return a block's positions along its diagonals, turning at each edge (T.81, figure A.6)."""
    places = [(row, column) for row in range(8) for column in range(8)]
    places.sort(key=lambda place: (sum(place), place[0] if sum(place) % 2 else place[1]))
    return [8 * row + column for row, column in places]


def percent_of(quality: float) -> float:
    """Return libjpeg's scale of its tables at a quality of 1 to 100; 0 at 100."""
    return 5000 / quality if quality < 50 else 200 - 2 * quality  # noqa: PLR2004 - libjpeg's


def _coarseness(percent: float) -> float:
    """Return 0 up to the percent that the tables are for, 1 where `high` usually is."""
    if percent <= _REFERENCE_PERCENT:
        return 0.0
    rise = math.log(percent / _REFERENCE_PERCENT) / math.log(_COARSE_PERCENT / _REFERENCE_PERCENT)
    return min(_MOST_COARSENESS, rise)


def scaled(design: Design, quality: float) -> npt.NDArray[np.float32]:
    """Return the tables (2, 64) of luma and chroma in zigzag order at a quality of 1 to 100."""
    percent = percent_of(quality)
    base = np.array([design.luma, design.chroma]).reshape(2, 64)
    base[0] *= _AT_COARSE.ravel() ** _coarseness(percent)
    steps = np.rint(base[:, zigzag()] * (percent / _REFERENCE_PERCENT))
    return np.ascontiguousarray(np.clip(steps, 1, _LARGEST_STEP), np.float32)


def bit_weight_share(quality: float) -> float:
    """Return the share of a design's bit weights that counts at a quality of 1 to 100.

    Errors count in steps. With larger steps the same share of one shows more: in calm and dark
    blocks first, where detail would go altogether.
    """
    percent = max(percent_of(quality), _REFERENCE_PERCENT)
    return float(max(_LEAST_SHARE, (_REFERENCE_PERCENT / percent) ** _SHARE_POWER))


def symbol_bits(design: Design, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Return the bits that each AC symbol costs, by how often each occurs."""
    shares = (counts + 0.5) / (counts.sum() + 0.5 * SYMBOLS)
    bits: npt.NDArray[np.float32] = -np.log2(shares).astype(np.float32)
    bits[_END_OF_BLOCK] *= design.end_of_block_share
    return bits


def rough_symbol_bits() -> npt.NDArray[np.float32]:
    """Return the bits of AC symbols before any was counted: about those of T.81's annex K.3."""
    run, size = np.divmod(np.arange(SYMBOLS), _SIZES_OF_RUN)
    bits: npt.NDArray[np.float32] = np.minimum(1 + (run + 1) * size, _LONGEST_CODE).astype(
        np.float32
    )
    bits[_END_OF_BLOCK], bits[_RUN_OF_16] = 3, 11
    return bits
