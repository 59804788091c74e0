"""The engine's header reader behind its port. It loads no imaging library."""

from __future__ import annotations

from typing import Final

from leanpix.domain.estimates import ImageFacts
from leanpix_engine.errors import Refused
from leanpix_engine.formats.probe import probe

_MARKER: Final = 0xFF
_DEFINE_QUANTIZATION: Final = 0xDB
_START_OF_SCAN: Final = 0xDA
_TABLE_ENTRIES: Final = 64


class EngineProber:
    """Reads headers."""

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return what an image's headers say, or None for what is no image we know."""
        try:
            found = probe(data)
        except Refused:
            return None
        return ImageFacts(
            format=found.format.value,
            content_type=found.format.content_type,
            pixels=found.width * found.height * found.frames,
            quantizer=read_quantizer(data) if found.format.value == "jpg" else None,
        )


def read_quantizer(data: bytes) -> float | None:
    """Return the mean of a JPEG's first quantization table: how coarsely it was stored.

    That table is the one for brightness with every encoder we know (ITU T.81, B.2.4.1).
    """
    place = 2
    while place + 5 <= len(data) and data[place] == _MARKER:
        kind, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if kind == _DEFINE_QUANTIZATION:
            bytes_each = 2 if data[place + 4] >> 4 else 1
            table = data[place + 5 : place + 5 + _TABLE_ENTRIES * bytes_each]
            values = [
                int.from_bytes(table[at : at + bytes_each], "big")
                for at in range(0, len(table), bytes_each)
            ]
            return sum(values) / len(values) if any(values) else None
        if kind == _START_OF_SCAN:
            return None
        place += 2 + length
    return None
