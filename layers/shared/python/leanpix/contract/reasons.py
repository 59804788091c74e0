"""Every reason for which an image has no smaller file, with its meaning and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from leanpix.contract.limits import MAX_SOURCE_BYTES, MIN_SAVED_PERCENT

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonEntry:
    """The words for a reason. None of them is charged."""

    meaning: str
    what_to_do: str


REASONS: Final[Mapping[str, ReasonEntry]] = MappingProxyType(
    {
        "no_savings": ReasonEntry(
            meaning=f"The best file found is not at least {MIN_SAVED_PERCENT} % smaller (the"
            " operator may set another share).",
            what_to_do="Keep your file. A stronger level may still save something.",
        ),
        "already_optimized": ReasonEntry(
            meaning="The file was made by Leanpix at this level, or is as lean already.",
            what_to_do="Keep your file.",
        ),
        "fetch_failed": ReasonEntry(
            meaning="The file could not be fetched; `detail` says whether the address is refused,"
            " the host is unknown, the status is not 200, or the answer took too long.",
            what_to_do="Open the URL in a private window of a browser. Send http_user and"
            " http_pass for a protected one, or upload the file.",
        ),
        "unsupported_format": ReasonEntry(
            meaning="The content is no JPEG, PNG, GIF, WebP, AVIF or SVG, whatever the name says.",
            what_to_do="Convert the file to one of these formats first.",
        ),
        "unsupported_feature": ReasonEntry(
            meaning="The file uses a rare part of its format.",
            what_to_do="Save it again with usual settings in an image editor.",
        ),
        "unsupported_conversion": ReasonEntry(
            meaning="The image cannot become the wanted format, such as a very large one WebP.",
            what_to_do="Choose another format, or send max_width or max_height.",
        ),
        "needs_background": ReasonEntry(
            meaning="The image has transparency, which JPEG cannot hold.",
            what_to_do="Name a background colour, or choose a format with transparency.",
        ),
        "cannot_fit": ReasonEntry(
            meaning="No file of an acceptable look has so few bytes.",
            what_to_do="Allow more bytes, or ask for a smaller size.",
        ),
        "corrupt_image": ReasonEntry(
            meaning="The file is damaged or incomplete.",
            what_to_do="Open it in an image viewer, and send a complete copy.",
        ),
        "unsafe_content": ReasonEntry(
            meaning="The file holds a script, an entity or another content that is not processed.",
            what_to_do="Save an SVG without scripts, entities and outside references.",
        ),
        "too_large": ReasonEntry(
            meaning=f"The file is over {MAX_SOURCE_BYTES:,} bytes, or has more pixels than the"
            " optimizer takes.",
            what_to_do="Send a smaller version of the image.",
        ),
        "too_many_frames": ReasonEntry(
            meaning="The animation has more frames than the optimizer takes.",
            what_to_do="Send a shorter animation, or a video instead.",
        ),
        "animation_kept": ReasonEntry(
            meaning="Animated AVIF is only kept as it is.",
            what_to_do="Send the animation as GIF, PNG or WebP.",
        ),
        "hdr_kept": ReasonEntry(
            meaning="The image is HDR, or has a wide gamut without a profile, and is only kept as"
            " it is.",
            what_to_do="Keep your file, or export it for sRGB first.",
        ),
        "depth_kept": ReasonEntry(
            meaning="Animated PNG with 16 bits a channel is only kept as it is.",
            what_to_do="Save the animation with 8 bits a channel.",
        ),
        "timeout": ReasonEntry(
            meaning="The image took longer than the optimizer may take.",
            what_to_do="Send a smaller version of the image, or choose another level.",
        ),
        "engine_failure": ReasonEntry(
            meaning="The optimizer failed on this image, which is a fault of the service.",
            what_to_do="Keep your file, and tell the operator which image it was.",
        ),
        "internal_error": ReasonEntry(
            meaning="No try ended in a result, which is a fault of the service.",
            what_to_do="Submit the image again later; tell the operator if it happens again.",
        ),
    }
)


def write_reasons_table() -> str:
    """Return the reasons as a table in Markdown."""
    rows = (
        f"| `{name}` | {entry.meaning} | {entry.what_to_do} |" for name, entry in REASONS.items()
    )
    return "\n".join(("| Reason | Meaning | What to do |", "|---|---|---|", *rows))
