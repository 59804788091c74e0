"""Read the headers of images by the engine's reader, which loads no imaging library."""

from __future__ import annotations

from leanpix.domain.estimates import ImageFacts
from leanpix_engine.errors import Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.jpeg.header import mean_quantizer
from leanpix_engine.formats.probe import probe


class EngineProber:
    """A reader of image headers."""

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return what an image's headers say, or None for what is no image we know."""
        try:
            found = probe(data)
            quantizer = mean_quantizer(data) if found.format is Format.JPEG else None
        except Refused:
            return None
        return ImageFacts(
            format=found.format.value,
            content_type=found.format.content_type,
            pixels=found.width * found.height * found.frames,
            quantizer=quantizer,
        )
