"""AVIF by libaom, 10 bits 4:4:4: smaller than 8 bits 4:2:0 at the same score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leanpix_engine.decode import decode as decode_by_vips
from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats import Task
from leanpix_engine.headers import avif as avif_header
from leanpix_engine.limits import Limits
from leanpix_engine.model import Format
from leanpix_engine.picture import Mode, Picture
from leanpix_engine.search import Candidate, Ladder

_QUICK_EFFORT, _FINAL_EFFORT = 0, 3
_QUICK_AGAINST_FINAL = -0.7
"""Effort 0 scores that much lower than effort 3 at the same quality, +-0.5."""
_QUALITY_AT_77, _SCORE_PER_QUALITY = 64, 0.65
_MAX_SIDE = 16_384
_SRGB_LIKE = (1, 2)
"""Colour primaries BT.709 and "unspecified" (ITU-T H.273, table 2)."""
_HDR_TRANSFERS = (16, 18)
"""PQ and HLG (ITU-T H.273, table 3)."""
_HEADER_BYTES = 65_536


def decode(source: bytes, limits: Limits) -> Picture:
    """The image of an AVIF, turned as its own boxes say.

    Raises:
        Refused: damage; an image sequence, of which libheif shows only one frame; colours that
            libvips would take for sRGB: HDR, a gain map, wide gamut without a profile.
    """
    if avif_header.read(source, limits).animated:
        text = "Animated AVIF is not supported; the file is left as it is."
        raise Refused(Reason.UNSUPPORTED_FEATURE, text)
    if _is_hdr_or_wide(source[:_HEADER_BYTES]):
        text = "AVIF in HDR or wide gamut without a profile is not supported; it is left as it is."
        raise Refused(Reason.UNSUPPORTED_FEATURE, text)
    return decode_by_vips(source, Format.AVIF)


def lossless(task: Task) -> Iterator[Candidate]:
    """None: lossless AVIF is larger than what lossy AVIF came from, and than lossless WebP."""
    del task
    return iter(())


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Lossy AVIF of a still; nothing for an animation."""
    picture = task.picture
    if picture.count > 1 or max(picture.width, picture.height) > _MAX_SIDE:
        return
    picture = replace(picture, frames=picture.rgb8(), mode=Mode.RGB)
    if picture.opaque():
        picture = picture.without_alpha()
    image = picture.to_vips()
    kept = "exif|xmp|icc" if picture.exif or picture.xmp else "icc"

    def encode(quality: float, effort: int) -> bytes:
        return bytes(
            image.heifsave_buffer(
                Q=int(quality),
                compression="av1",
                effort=effort,
                bitdepth=10,
                subsample_mode="off",
                keep=kept,
            )
        )

    yield Ladder(
        how="aom 10 bit 4:4:4",
        encode=lambda quality: encode(quality, _QUICK_EFFORT),
        finish=lambda _data, quality: encode(quality, _FINAL_EFFORT),
        refines=True,
        too_good=4.0,  # the final encode is most of the time
        margin=_QUICK_AGAINST_FINAL,
        low=1,
        high=100,
        start=_QUALITY_AT_77 + (goal - 77) / _SCORE_PER_QUALITY,
        slope=_SCORE_PER_QUALITY,
        max_encodes=3,
        tolerance=0.6,
    )


def _is_hdr_or_wide(header: bytes) -> bool:
    """True for what only the boxes tell about colours, which libvips does not pass on."""
    if b"tmap" in header:
        return True  # a gain map (ISO 21496-1)
    at = header.find(b"colrnclx")
    while at >= 0:
        primaries = int.from_bytes(header[at + 8 : at + 10], "big")
        transfer = int.from_bytes(header[at + 10 : at + 12], "big")
        wide = primaries not in _SRGB_LIKE and not _has_profile(header)
        if transfer in _HDR_TRANSFERS or wide:
            return True
        at = header.find(b"colrnclx", at + 8)
    return False


def _has_profile(header: bytes) -> bool:
    return b"colrprof" in header or b"colrrICC" in header
