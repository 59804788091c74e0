"""The engine as the services need it: what it takes, what it gives, how it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from leanpix.domain.estimates import ImageFacts
    from leanpix.domain.options import ImageOptions


class EngineRefusedError(Exception):
    """A file that the engine could not use, for a fault of the file or, rarely, of the engine."""

    def __init__(
        self, reason: str, image_format: str | None = None, *, is_our_fault: bool = False
    ) -> None:
        """Take the engine's reason code, and the format where it could be told."""
        super().__init__(reason)
        self.reason = reason
        self.image_format = image_format
        self.is_our_fault = is_our_fault


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFile:
    """A file that the engine made."""

    data: bytes
    format: str
    content_type: str
    quality: float | None = None
    """The encoder's quality; None where nothing was lost."""
    score: float | None = None
    """SSIMULACRA2 against the source; None where nothing was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineResult:
    """The files that the engine made of a source; `main` is None where nothing was gained."""

    original_format: str
    original_content_type: str
    main: EngineFile | None
    webp: EngineFile | None
    reason: str | None
    width: int = 0
    """The width of `main`, or of the source where there is none."""
    height: int = 0


class Prober(Protocol):
    """A reader of image headers."""

    def probe(self, data: bytes) -> ImageFacts | None:
        """Return the facts in an image's headers, or None for a file that is no image."""


class Engine(Protocol):
    """The optimizer."""

    def optimize(
        self, source: bytes, options: ImageOptions, *, max_seconds: float
    ) -> EngineResult:
        """Return a smaller file, or none and the reason.

        Raises:
            EngineRefusedError: the engine could not use the file.
        """
