"""Decode AVIF, and encode it by libaom in 10 bits 4:4:4, which needs the fewest bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from leanpix_engine.errors import Kept, LeftAlone, Reason, Refused
from leanpix_engine.formats.avif import header as avif_header
from leanpix_engine.formats.avif.alpha import FINE, ROUGH, few_levels, filled, plane_of
from leanpix_engine.formats.avif.container import lean, with_alpha
from leanpix_engine.formats.avif.quantizer import read_quantizer
from leanpix_engine.formats.codec import Task, effort_within
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.limits import Limits
from leanpix_engine.picture.decode import decode as decode_by_vips
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Candidate, Ladder
from leanpix_engine.search.targets import interpolated
from leanpix_engine.search.two_stage import TwoStageLadder

_QUICK_EFFORT = 0
_SECONDS = {2: 1.6, 1: 1.0, _QUICK_EFFORT: 0.3}
"""Per megapixel, of two encodes at an effort. At equal score effort 3 saves 1.2 % of the bytes
in twice the time of effort 2, which saves 1.9 % in twice that of effort 1."""
_QUALITIES = (
    *(1, 3, *range(6, 35, 2), 35, 37, 39, 40, 42, 44, 45, 47, 49, 50, 52, 54, 55),
    *(quality for quality in range(56, 67) if quality % 4 != 1),
    *(66, 66),
    *(quality for quality in range(67, 101) if quality % 4 != 1),
)
"""One for each of aom's 64 quantizers; the others give the same files as these. From 66 to 67 its
tuning for images leaps: 3 points of score and 13 % of the bytes, three times a step's."""
_QUICK_BELOW_FINAL = ((64.0, 1.4), (77.0, 1.15), (81.0, 0.7), (83.0, 0.5), (87.0, 0.2))
"""Points that effort 0 scores below effort 2 at the same quality, +-0.6, by the score."""
_QUALITY_FOR = ((50.0, 42.0), (64.0, 50.0), (70.0, 56.0), (77.0, 64.0), (83.0, 72.0), (90.0, 86.0))
"""The usual quality for a score."""
_SCORE_PER_STEP = ((50.0, 2.2), (64.0, 1.6), (77.0, 1.1), (90.0, 0.7))
"""Of quality, by the score."""
_REACH = 3
"""So many steps are foretold within 0.7 points."""
_TOO_GOOD = 2.5
"""Some 10 % of the bytes: below it another encode, which is most of the time, does not pay."""
_TEN_BITS = np.rint(np.arange(256) * 1023 / 255).astype(np.uint16) << 6
"""8 bits to the upper 10 of 16. Left to libvips, white would become 1020 of 1023."""
_SMALL_SIDE, _SMALL_SPEED = 256, 2
"""Pictures with alpha that are smaller than this a side are icons, mostly."""
_SMALL_OPTIONS = {"tune": "psnr", "tune-content": "screen"}
_RGBA = 4
_MAX_SIDE = 16_384
_SRGB_LIKE = (1, 2)
"""Colour primaries BT.709 and "unspecified" (ITU-T H.273, table 2)."""
_HDR_TRANSFERS = (16, 18)
"""PQ and HLG (ITU-T H.273, table 3)."""
_SETTINGS: dict[str, Any] = {"compression": "av1", "subsample_mode": "off"}
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
    """Decode an AVIF as most viewers show it: they bring it to 8 bits before the colours.

    That costs up to 1 point of score against exact arithmetic, so the lower score is reported. The
    decoder (dav1d) also takes a third of the time of the one in libvips.

    Raises:
        Refused: damage.
    """
    try:
        with Image.open(io.BytesIO(source), formats=["AVIF"]) as image:
            frames = np.asarray(image)[None]
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused(Reason.CORRUPT_IMAGE) from error
    return Picture(frames=frames, mode=Mode.RGB, alpha=frames.shape[-1] == _RGBA)


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
        yield _lossy(task, picture.without_alpha(), None, goal)
        return
    alpha, colours = picture.pixels[..., 3], filled(picture)
    fine = plane_of(few_levels(alpha, FINE))
    if max(picture.width, picture.height) >= _SMALL_SIDE:
        yield _lossy(task, colours, fine, goal)
        return
    yield _of_small(colours, fine)
    rough = plane_of(few_levels(alpha, ROUGH))
    if len(rough) < len(fine):
        yield _of_small(colours, rough)


def _lossy(task: Task, picture: Picture, plane: bytes | None, goal: float) -> TwoStageLadder:
    # libavif decodes no file whose alpha has another depth than its colours, and lossless alpha
    # needs half as many bytes again in 10 bits.
    bits = 10 if plane is None else 8
    frames = _TEN_BITS[picture.frames] if plane is None else picture.frames
    image = replace(picture, frames=frames).to_vips()
    kept = "exif|xmp|icc" if picture.exif or picture.xmp else "icc"
    final_effort = effort_within(_SECONDS, picture.megapixels, task.deadline.left() / 2)

    def encode(quality: float, effort: int) -> bytes:
        data = image.heifsave_buffer(
            Q=int(quality), effort=effort, keep=kept, bitdepth=bits, **_SETTINGS
        )
        return lean(bytes(data)) if plane is None else with_alpha(bytes(data), plane)

    return TwoStageLadder(
        how=f"aom {bits} bit 4:4:4",
        encode=lambda quality: encode(quality, _QUICK_EFFORT),
        finish=lambda _data, quality: encode(quality, final_effort),
        margin=-interpolated(_QUICK_BELOW_FINAL, goal) if final_effort else 0.0,
        qualities=_QUALITIES,
        low=_QUALITIES[0],
        high=_QUALITIES[-1],
        start=interpolated(_QUALITY_FOR, goal),
        slope=interpolated(_SCORE_PER_STEP, goal),
        reach=_REACH,
        too_good=_TOO_GOOD,
        max_encodes=3,
    )


def _check_size(task: Task) -> None:
    if task.picture.megapixels * 1e6 > task.limits.max_avif_pixels:
        raise Refused(Reason.TOO_LARGE, "This image is too large to be encoded as AVIF in time.")


def _of_small(picture: Picture, plane: bytes) -> Ladder:
    """By libavif, which lets aom look for repeated patterns and few colours, as icons have them.

    At equal CIEDE2000 8 % smaller than aom at libvips' effort 6, 20 % than at effort 2.
    """
    image = Image.fromarray(picture.pixels)
    kept = {
        name: blob
        for name, blob in (
            ("icc_profile", picture.icc),
            ("exif", picture.exif),
            ("xmp", picture.xmp),
        )
        if blob
    }

    def encode(quality: float) -> bytes:
        buffer = io.BytesIO()
        image.save(
            buffer,
            "AVIF",
            quality=int(quality),
            speed=_SMALL_SPEED,
            subsampling="4:4:4",
            advanced=_SMALL_OPTIONS,
            **kept,
        )
        return with_alpha(buffer.getvalue(), plane)

    return Ladder(
        how="aom 8 bit 4:4:4 for few colours",
        encode=encode,
        low=20,
        high=100,
        start=80,
        slope=0.5,
        max_encodes=7,
        tolerance=0.5,
    )


def _is_hdr_or_wide(header: bytes) -> bool:
    """Return True for HDR or wide gamut, which only the boxes tell and libvips leaves out."""
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


def source_score(source: bytes, picture: Picture) -> float:
    """Return the estimated SSIMULACRA2 of an AVIF against its original; see `formats/codec.py`."""
    quantizer = read_quantizer(source)
    return PRISTINE if quantizer is None else interpolated(_SCORE_AT_QUANTIZER, quantizer)
