"""The engine's header reader behind its port. It loads no imaging library."""

from __future__ import annotations

from leanpix.domain.estimates import ImageFacts
from leanpix_engine.errors import Refused
from leanpix_engine.probe import probe


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
        )
