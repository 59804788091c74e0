"""Read the headers of images by the engine's reader, which loads no imaging library."""

from __future__ import annotations

from leanpix.domain.estimates import ImageFacts
from leanpix_engine.errors import Refused
from leanpix_engine.format import Format
from leanpix_engine.formats.jpeg.header import mean_quantizer
from leanpix_engine.formats.probe import probe
from leanpix_engine.formats.sniff import sniff


class EngineProber:
    """A reader of image headers."""

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return the facts in an image's headers, or None for a file that is no image.

        A file that begins as an image and has no readable headers has no pixels.
        """
        try:
            kind = sniff(data)
        except Refused:
            return None
        try:
            found = probe(data)
            quantizer = mean_quantizer(data) if found.format is Format.JPEG else None
        except Refused:
            return ImageFacts(format=kind.value, content_type=kind.content_type, pixels=0)
        return ImageFacts(
            format=found.format.value,
            content_type=found.format.content_type,
            pixels=found.width * found.height * found.frames,
            quantizer=quantizer,
        )
