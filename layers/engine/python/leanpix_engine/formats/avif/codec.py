"""Decode AVIF, and encode it in 10 bits 4:4:4, which needs the fewest bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leanpix_engine.errors import Kept, LeftAlone, Reason, Refused
from leanpix_engine.formats.avif import aom
from leanpix_engine.formats.avif import header as avif_header
from leanpix_engine.formats.avif.alpha import FINE, ROUGH, few_levels, filled, plane_of
from leanpix_engine.formats.avif.ladders import (
    SMALL_SIDE,
    SPEED_SECONDS,
    VIPS_SECONDS,
    Colours,
    by_aom,
    by_vips,
    of_icon,
)
from leanpix_engine.formats.avif.quantizer import read_quantizer
from leanpix_engine.formats.codec import Task, effort_within
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.limits import Limits
from leanpix_engine.model import HDR_TRANSFERS
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.targets import interpolated

_MAX_SIDE = 16_384
_SRGB_LIKE = (1, 2)
"""Colour primaries BT.709 and "unspecified" (ITU-T H.273, table 2)."""
_HEADER_BYTES = 65_536

_SCORE_AT_QUANTIZER = (
    (0, 100.0),
    (1, 95.0),
    (32, 89.5),
    (60, 86.0),
    (92, 81.5),
    (120, 76.5),
    (148, 68.5),
    (172, 56.0),
    (255, 0.0),
)
"""The usual score of libaom's files by base_q_idx, on 13 photos; standard deviations are 1.4 up to
index 32, 2.1 at 60, 3.4 at 92, 5.3 at 120 (`python -m benchmarks.history`)."""


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Decode the image of an AVIF, turned as its own boxes say.

    Raises:
        Refused: damage.
        LeftAlone: an image sequence, of which libheif shows only one frame; colours that
            libvips would take for sRGB: HDR, a gain map, wide gamut without a profile.
    """
    if avif_header.read(source, limits).animated:
        raise LeftAlone(Kept.ANIMATION)
    if _is_hdr_or_wide(source[:_HEADER_BYTES]):
        raise LeftAlone(Kept.HDR)
    return decode_by_vips(source, "heifload_buffer")


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield nothing: lossless AVIF is larger than its lossy source, and than lossless WebP.

    Raises:
        Refused: `TOO_LARGE`, as `ladders` does.
    """
    _check_size(task)
    return iter(())


def shown(source: bytes, limits: Limits) -> Picture:
    """Decode an AVIF as Chromium shows it: colours are computed before they become 8 bits.

    Its scores are within .2 of those of libvips' decoding; viewers that bring the planes to 8 bits
    first, as Pillow does, show .3 to .6 less.

    Raises:
        Refused: damage.
    """
    return decode(source, limits)


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield lossy AVIF of a still; nothing for an animation.

    Raises:
        Refused: `TOO_LARGE` for what cannot be encoded in time.
    """
    _check_size(task)
    picture = task.picture
    if picture.count > 1 or max(picture.width, picture.height) > _MAX_SIDE:
        return
    picture = replace(picture, frames=picture.rgb8(), mode=Mode.RGB)
    if picture.opaque():
        yield _lossy(task, Colours(picture.without_alpha()), goal)
        return
    alpha, colours = picture.pixels[..., 3], filled(picture)
    fine = few_levels(alpha, FINE)
    with_fine = Colours(colours, plane_of(fine), fine)
    if max(picture.width, picture.height) >= SMALL_SIDE:
        yield _lossy(task, with_fine, goal)
        return
    yield of_icon(with_fine)
    rough = few_levels(alpha, ROUGH)
    with_rough = Colours(colours, plane_of(rough), rough)
    if len(with_rough.plane or b"") < len(with_fine.plane or b""):
        yield of_icon(with_rough)


def _lossy(task: Task, colours: Colours, goal: float) -> Ladder:
    seconds, megapixels = task.deadline.left() / 2, task.picture.megapixels
    if aom.available():
        return by_aom(colours, goal, effort_within(SPEED_SECONDS, megapixels, seconds))
    return by_vips(colours, goal, effort_within(VIPS_SECONDS, megapixels, seconds))


def _check_size(task: Task) -> None:
    if task.picture.megapixels * 1e6 > task.limits.max_avif_pixels:
        raise Refused(Reason.TOO_LARGE, "This image is too large to be encoded as AVIF in time.")


def _is_hdr_or_wide(header: bytes) -> bool:
    """Return True for HDR or wide gamut, which only the boxes tell and libvips leaves out."""
    if b"tmap" in header:
        return True  # a gain map (ISO 21496-1)
    at = header.find(b"colrnclx")
    while at >= 0:
        primaries = int.from_bytes(header[at + 8 : at + 10], "big")
        transfer = int.from_bytes(header[at + 10 : at + 12], "big")
        wide = primaries not in _SRGB_LIKE and not _has_profile(header)
        if transfer in HDR_TRANSFERS or wide:
            return True
        at = header.find(b"colrnclx", at + 8)
    return False


def _has_profile(header: bytes) -> bool:
    return b"colrprof" in header or b"colrrICC" in header


def source_score(source: bytes, picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of an AVIF against its original; see `formats/codec.py`."""
    quantizer = read_quantizer(source)
    return PRISTINE if quantizer is None else interpolated(_SCORE_AT_QUANTIZER, quantizer)
