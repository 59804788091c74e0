"""The errors of the engine, and their texts.

There is one exception, `Refused`. It carries a `Reason` of a closed list, for machines, and one
clear sentence, for the person who sent the image.
"""

from __future__ import annotations

from enum import StrEnum

from leanpix_engine.format import Format


class Reason(StrEnum):
    """Why an image was refused. `TEXT` has the public sentence for each."""

    UNSUPPORTED_FORMAT = "unsupported_format"
    UNSUPPORTED_FEATURE = "unsupported_feature"
    UNSUPPORTED_CONVERSION = "unsupported_conversion"
    NEEDS_BACKGROUND = "needs_background"
    CANNOT_FIT = "cannot_fit"
    CORRUPT_IMAGE = "corrupt_image"
    UNSAFE_CONTENT = "unsafe_content"
    TOO_LARGE = "too_large"
    TOO_MANY_FRAMES = "too_many_frames"
    TIMEOUT = "timeout"
    ENGINE_FAILURE = "engine_failure"


TEXT: dict[Reason, str] = {
    Reason.UNSUPPORTED_FORMAT: (
        "This is not an image in a supported format "
        f"({', '.join(format_.traits.title for format_ in Format)})."
    ),
    Reason.UNSUPPORTED_FEATURE: "This image uses a feature of its format that is not supported.",
    Reason.UNSUPPORTED_CONVERSION: "This image cannot be converted to the format asked for.",
    Reason.NEEDS_BACKGROUND: (
        "This image has transparency, which JPEG cannot hold; choose a background colour, or "
        "another format."
    ),
    Reason.CANNOT_FIT: (
        "This image cannot be made to fit the limit in bytes; allow more bytes, or a smaller size."
    ),
    Reason.CORRUPT_IMAGE: "This image is damaged or incomplete and cannot be read.",
    Reason.UNSAFE_CONTENT: "This image contains content that is not safe to process.",
    Reason.TOO_LARGE: "This image is larger than the limits allow.",
    Reason.TOO_MANY_FRAMES: "This animation has more frames than the limits allow.",
    Reason.TIMEOUT: "This image took too long to optimize.",
    Reason.ENGINE_FAILURE: "This image could not be optimized.",
}


class Refused(Exception):
    """The engine will not return a result for this image.

    Args:
        reason: the machine-readable cause.
        text: one sentence for the user; the reason's own sentence where none is given.
    """

    def __init__(self, reason: Reason, text: str | None = None) -> None:
        self.reason = reason
        self.text = text or TEXT[reason]
        super().__init__(self.text)

    def __reduce__(self) -> tuple[type[Refused], tuple[Reason, str]]:
        return (Refused, (self.reason, self.text))


class Kept(StrEnum):
    """The part of an image that only stays whole where its file is left alone."""

    ANIMATION = "animation_kept"
    HDR = "hdr_kept"
    DEPTH = "depth_kept"


_KEPT_TEXT = {
    Kept.ANIMATION: "Animated AVIF can neither be resized nor converted.",
    Kept.HDR: "HDR, or wide gamut without a profile, can neither be resized nor converted.",
    Kept.DEPTH: "Animated PNG with 16 bits can neither be resized nor converted.",
}


class LeftAlone(Refused):
    """The engine cannot work on this image, but it may stay as it is where that will do.

    Args:
        kept: the reason that a `Result` without an output gives.
    """

    def __init__(self, kept: Kept) -> None:
        super().__init__(Reason.UNSUPPORTED_FEATURE, _KEPT_TEXT[kept])
        self.kept = kept
