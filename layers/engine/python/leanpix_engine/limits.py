"""The bounds of the engine, in one table, and the clock that one of them runs by."""

from __future__ import annotations

import time
from dataclasses import dataclass

from leanpix_engine.errors import Reason, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on the cost of an image, checked before or while it arises, never after.

    The defaults fit a Lambda function of 2 GB and 60 s.
    """

    max_bytes: int = 50_000_000
    """Size of the source file."""
    max_pixels: int = 100_000_000
    """Width x height of one frame, told by the header before anything is decoded."""
    max_side: int = 65_535
    """Width or height; what JPEG can hold."""
    max_frames: int = 2_000
    """Frames of an animation."""
    max_frame_pixels: int = 200_000_000
    """Frames x canvas of an animation: what decoding all of it takes."""
    max_seconds: float = 50.0
    """Wall-clock time of one `optimize` call."""
    max_avif_pixels: int = 40_000_000
    """Pixels that are encoded as AVIF: at 0.6 s/MP one encode of more would not end in time."""
    max_child_seconds: float = 20.0
    """Wall-clock time of one codec in a child process."""
    max_memory_bytes: int = 1_500_000_000
    """Address space of a codec in a child process."""
    max_process_bytes: int = 2_500_000_000
    """Address space of the process that works on one image (`sandbox/`)."""
    max_metadata_bytes: int = 1_000_000
    """EXIF + XMP that `keep` carries over; more is dropped."""
    max_inflated_metadata_bytes: int = 4_000_000
    """Bytes that a compressed PNG text or profile chunk may inflate to."""
    max_icc_bytes: int = 2_000_000
    """A colour profile larger than this is dropped after a conversion to sRGB."""
    max_svg_bytes: int = 5_000_000
    """Size of an SVG document."""
    max_svg_elements: int = 100_000
    """Elements of an SVG document."""
    max_svg_pixels: int = 25_000_000
    """Pixels an SVG is drawn at for a conversion or a check."""


class Deadline:
    """Counts down from its creation.

    Args:
        seconds: the time there is.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def left(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def share_left(self) -> float:
        """Return the time left as a share of the whole."""
        return self.left() / self._seconds

    def check(self) -> None:
        """Stop work that nobody waits for any more.

        Raises:
            Refused: `TIMEOUT`.
        """
        if self.left() <= 0:
            raise Refused(Reason.TIMEOUT)
