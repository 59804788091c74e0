"""Read the headers of images by the engine's reader, which loads no imaging library."""

from __future__ import annotations

from typing import Final

from leanpix.domain.estimates import ImageFacts
from leanpix_engine.errors import Refused
from leanpix_engine.formats.jpeg.header import segments
from leanpix_engine.formats.probe import probe

_DEFINE_QUANTIZATION: Final = 0xDB
_TABLE_ENTRIES: Final = 64


class EngineProber:
    """A reader of image headers."""

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
    """Return the mean of a JPEG's first quantization table, or None where it has none.

    With every encoder known to us that table is the one for brightness (ITU T.81, B.2.4.1).
    """
    try:
        for segment in segments(data):
            if segment.marker == _DEFINE_QUANTIZATION:
                return _mean_step(data[segment.start : segment.end])
    except Refused:
        return None
    return None


def _mean_step(payload: bytes) -> float | None:
    bytes_each = 2 if payload[:1] >= b"\x10" else 1
    table = payload[1 : 1 + _TABLE_ENTRIES * bytes_each]
    steps = [
        int.from_bytes(table[at : at + bytes_each], "big")
        for at in range(0, len(table), bytes_each)
    ]
    return sum(steps) / len(steps) if any(steps) else None
