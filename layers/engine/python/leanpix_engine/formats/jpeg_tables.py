"""Quantization tables and settings of our JPEG encoder, and the Huffman tables it writes with.

Tables and settings were found by coordinate descent on the bytes that photos need for the same
SSIMULACRA2 of 77, after mozjpeg's lossless rewriting: `python -m benchmarks.jpeg_tuning`. The
start were jpegli's tables; one factor for each diagonal of a table was searched for.
"""

from __future__ import annotations

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

Table = tuple[tuple[float, ...], ...]
"""Steps at quality 80 for a block of 8 x 8, by rows, in the order of rising frequency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """How coefficients are quantized; see `struct jpeg_quantizer` of jpeg.h for the weights."""

    luma: Table
    chroma: Table
    luma_bit_weight: float
    chroma_bit_weight: float
    masking_knee: float
    masking_scale: float
    masking_power: float
    end_of_block_share: float
    """Progressive scans, which follow, code ends of blocks in runs: cheaper than they look."""


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
    luma_bit_weight=0.05,
    chroma_bit_weight=0.028,
    masking_knee=2.8,
    masking_scale=62.8,
    masking_power=0.39,
    end_of_block_share=0.67,
)
_END_OF_BLOCK: Final = 0x00


@cache
def _zigzag() -> list[int]:
    """The places of a block along its diagonals, turning at each edge (T.81, figure A.6)."""
    places = [(row, column) for row in range(8) for column in range(8)]
    places.sort(key=lambda place: (sum(place), place[0] if sum(place) % 2 else place[1]))
    return [8 * row + column for row, column in places]


def scaled(design: Design, quality: float) -> npt.NDArray[np.float32]:
    """The tables (2, 64) of luma and chroma in zigzag order at a quality of 1 to 100."""
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality  # noqa: PLR2004  (libjpeg's)
    base = np.array([design.luma, design.chroma]).reshape(2, 64)[:, _zigzag()]
    steps = np.rint(base * (percent / _REFERENCE_PERCENT))
    return np.ascontiguousarray(np.clip(steps, 1, _LARGEST_STEP), np.float32)


def symbol_bits(design: Design, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """What each AC symbol costs, by how often each occurs."""
    shares = (counts + 0.5) / (counts.sum() + 0.5 * SYMBOLS)
    bits: npt.NDArray[np.float32] = -np.log2(shares).astype(np.float32)
    bits[_END_OF_BLOCK] *= design.end_of_block_share
    return bits


# T.81, tables K.3 to K.6: class and destination; how many codes of each length, and the symbols.
USUAL_HUFFMAN: Final = tuple(
    (place, bytes.fromhex(lengths + symbols))
    for place, lengths, symbols in (
        (0x00, "00010501010101010100000000000000", "000102030405060708090a0b"),
        (0x01, "00030101010101010101010000000000", "000102030405060708090a0b"),
        (
            0x10,
            "0002010303020403050504040000017d",
            (
                "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a16"
                "1718191a25262728292a3435363738393a434445464748494a535455565758595a63646566676869"
                "6a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6"
                "b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8"
                "f9fa"
            ),
        ),
        (
            0x11,
            "00020102040403040705040400010277",
            (
                "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434"
                "e125f11718191a262728292a35363738393a434445464748494a535455565758595a636465666768"
                "696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4"
                "b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8"
                "f9fa"
            ),
        ),
    )
)
_LONGEST_CODE: Final = 16


@cache
def usual_codes() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8]]:
    """Codes and their lengths by table and symbol, both (4, 256); T.81, annex C.2."""
    codes = np.zeros((len(USUAL_HUFFMAN), SYMBOLS), np.uint16)
    lengths = np.zeros((len(USUAL_HUFFMAN), SYMBOLS), np.uint8)
    for table, (_, content) in enumerate(USUAL_HUFFMAN):
        symbols = iter(content[_LONGEST_CODE:])
        code = 0
        for length, count in enumerate(content[:_LONGEST_CODE], 1):
            for _ in range(count):
                symbol = next(symbols)
                codes[table, symbol], lengths[table, symbol] = code, length
                code += 1
            code <<= 1
    return codes, lengths


def usual_symbol_bits(component: int) -> npt.NDArray[np.float32]:
    """What AC symbols cost in those tables; as much as the longest where they lack one."""
    _, lengths = usual_codes()
    bits: npt.NDArray[np.float32] = lengths[2 + min(component, 1)].astype(np.float32)
    bits[bits == 0] = _LONGEST_CODE
    return bits


_MOST_BITS_OF_DC: Final = 11 + 11
"""The longest code of a size in tables K.3 and K.4, and the largest size."""


def most_bits(component: int, counts: npt.NDArray[np.int64], blocks: int) -> int:
    """At most so many bits take AC symbols that occur so often, and the DC of all blocks."""
    _, lengths = usual_codes()
    symbols = np.arange(SYMBOLS)
    each = lengths[2 + min(component, 1)] + symbols % _SIZES_OF_RUN
    return int((counts * each).sum()) + blocks * _MOST_BITS_OF_DC
