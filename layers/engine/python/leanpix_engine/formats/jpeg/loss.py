"""Estimate what a JPEG has lost against its original, by its tables and by older ones.

Errors of the estimate on 26 photos, at libjpeg's and mozjpeg's qualities 70 to 95: a standard
deviation of 0.5 to 2.5 points (`python -m benchmarks.history`; docs/decisions/0039).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leanpix_engine.formats.history.lattice import SIDE, STANDARD_LUMA, Table
from leanpix_engine.formats.history.loss import PRISTINE, combine
from leanpix_engine.formats.history.requantize import score_of_former_jpeg, score_of_tables
from leanpix_engine.formats.jpeg.header import quantization_tables, segments
from leanpix_engine.formats.jpeg.tables import zigzag
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.targets import score_of_quality

_COARSER: Final = 1.3
"""An older quantization shows, and matters, where its steps are this much larger than ours."""
_SMALL_SIDE: Final = 256
"""On smaller pictures SSIMULACRA2 jumps: a photo saved at quality 95 has 91 points at 64 pixels
and 71 at 128. Their tables tell more of what they lost."""


def source_score(source: bytes, picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of a JPEG against its unknown original.

    `picture` is what the file decodes to, not turned or resized. 100 where nothing can be said.
    """
    tables = _read_tables(source)
    if picture.mode is Mode.CMYK or not tables or min(picture.width, picture.height) < 4 * SIDE:
        return PRISTINE
    if max(picture.width, picture.height) < _SMALL_SIDE:
        return score_of_quality(_quality_of(tables[0]))
    pixels = picture.frames[0]
    own = score_of_tables(pixels, tables[0], tables.get(1, tables[0]), halved=_is_halved(source))
    return combine(own, score_of_former_jpeg(pixels, coarser_than=tables[0] * _COARSER))


def _quality_of(luma: Table) -> float:
    """Return the quality of libjpeg whose luma table is about as coarse."""
    percent = 100 * float(np.median(luma / STANDARD_LUMA))
    return 5000 / percent if percent > 100 else (200 - percent) / 2  # noqa: PLR2004 - libjpeg's


def _read_tables(source: bytes) -> dict[int, Table]:
    """Return the quantization tables of a JPEG by their number."""
    tables: dict[int, Table] = {}
    for number, steps in quantization_tables(source):
        if len(steps) < SIDE * SIDE:
            continue
        table = np.ones(SIDE * SIDE, np.float32)
        table[zigzag()] = np.maximum(steps, 1)
        tables[number] = table.reshape(SIDE, SIDE)
    return tables if 0 in tables else {}


def _is_halved(source: bytes) -> bool:
    """Return whether chroma has half of luma's resolution both ways (T.81, B.2.2)."""
    for segment in segments(source):
        if 0xC0 <= segment.marker <= 0xC2 and segment.end - segment.start >= 8:  # noqa: PLR2004 - SOF0 to SOF2
            return source[segment.start + 7] == 0x22  # noqa: PLR2004 - sampling factors 2 and 2
    return False
