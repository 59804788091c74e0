"""Read an image's facts from its headers, in pure Python: no imaging library is loaded."""

from __future__ import annotations

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.registry import header_of
from leanpix_engine.formats.sniff import sniff
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe


def probe(source: bytes, limits: Limits | None = None) -> Probe:
    """Return the facts of `source`, checked against `limits`, without decoding it.

    Raises:
        Refused: no supported image, damage that shows in the headers, or more than the limits
        allow.
    """
    limits = limits or Limits()
    if not source:
        raise Refused(Reason.CORRUPT_IMAGE, "The file is empty.")
    if len(source) > limits.max_bytes:
        raise Refused(Reason.TOO_LARGE, f"The file has more than {limits.max_bytes:,} bytes.")
    facts = header_of(sniff(source)).read(source, limits)
    check(facts, limits)
    return facts


def check(facts: Probe, limits: Limits) -> None:
    """Hold what the headers claim against the limits.

    Raises:
        Refused: `TOO_LARGE`, `TOO_MANY_FRAMES`, or `CORRUPT_IMAGE` for an empty canvas.
    """
    if facts.width < 1 or facts.height < 1:
        raise Refused(Reason.CORRUPT_IMAGE)
    if facts.frames > limits.max_frames:
        raise Refused(
            Reason.TOO_MANY_FRAMES, f"The animation has more than {limits.max_frames:,} frames."
        )
    pixels = facts.width * facts.height
    size = f"{facts.width} x {facts.height} pixels"
    if max(facts.width, facts.height) > limits.max_side or pixels > limits.max_pixels:
        raise Refused(Reason.TOO_LARGE, f"The image is {size}, more than the limits allow.")
    if facts.frames > 1 and pixels * facts.frames > limits.max_frame_pixels:
        raise Refused(
            Reason.TOO_LARGE,
            f"The animation is {facts.frames} frames of {size}, more than the limits allow.",
        )
