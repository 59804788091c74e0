"""Ways to encode an AVIF still: by libaom called directly, or where it is missing by libvips."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from PIL import Image

from leanpix_engine.formats.avif import aom
from leanpix_engine.formats.avif.alpha import Bytes
from leanpix_engine.formats.avif.container import lean, with_alpha
from leanpix_engine.formats.avif.still import file_of
from leanpix_engine.picture.picture import Mode, Picture
from leanpix_engine.search.ladder import Ladder
from leanpix_engine.search.targets import interpolated
from leanpix_engine.search.two_stage import TwoStageLadder

_QUICK_SPEED: Final = 9
_OPTIONS: Final = {"tune": "ssimulacra2", "qm-max": "5"}
"""Matrices of quantization less steep than aom's own choice: at speed 7 1.1 % fewer bytes at a
score of 77, 2.2 % at 65. `tune=iq` needs 3.6 % more than this at either."""
SPEED_SECONDS: Final = {7: 1.0, 8: 0.7, _QUICK_SPEED: 0.3}
"""Per megapixel, of two encodes at a speed. At equal score speed 8 needs 1.3 % more bytes than 7,
and 6, which takes twice the time, .1 % fewer at 77 and 2.6 % at 65."""
_QUALITIES: Final = range(64)
"""63 less aom's quantizer."""
_QUICK_BELOW_FINAL: Final = ((50.0, 2.4), (57.0, 2.0), (65.0, 1.6), (77.0, 1.1), (85.0, 0.5))
"""Points that speed 9 scores below 7 at the same quality, +-0.6, by the score, on 8 photos."""
_QUALITY_FOR: Final = ((50.0, 23.5), (57.0, 26.5), (65.0, 30.0), (77.0, 41.0), (85.0, 50.0))
"""The usual quality for a score."""
_SCORE_PER_STEP: Final = ((50.0, 2.4), (57.0, 1.9), (65.0, 1.5), (77.0, 0.8), (85.0, 1.0))
"""Of quality, by the score."""
_REACH: Final = 4
"""So many steps are foretold within 0.7 points."""
_TOO_GOOD: Final = 2.5
"""Some 10 % of the bytes: below it another encode, which is most of the time, does not pay."""

SMALL_SIDE: Final = 256
"""Pictures with alpha that are smaller than this a side are icons, mostly."""
_SMALL_SPEED: Final = 2
_SMALL_OPTIONS: Final = {"tune": "psnr", "tune-content": "screen"}

VIPS_QUICK_EFFORT: Final = 0
VIPS_SECONDS: Final = {2: 1.6, 1: 1.0, VIPS_QUICK_EFFORT: 0.3}
"""Per megapixel, of two encodes at an effort. At equal score effort 3 saves 1.2 % of the bytes
in twice the time of effort 2, which saves 1.9 % in twice that of effort 1."""
_VIPS_QUALITIES: Final = (
    *(1, 3, *range(6, 35, 2), 35, 37, 39, 40, 42, 44, 45, 47, 49, 50, 52, 54, 55),
    *(quality for quality in range(56, 67) if quality % 4 != 1),
    *(66, 66),
    *(quality for quality in range(67, 101) if quality % 4 != 1),
)
"""One for each of aom's 64 quantizers; the others give the same files as these. From 66 to 67 its
tuning for images leaps: 3 points of score and 13 % of the bytes, three times a step's."""
_VIPS_QUICK_BELOW_FINAL: Final = ((64.0, 1.4), (77.0, 1.15), (81.0, 0.7), (83.0, 0.5), (87.0, 0.2))
"""Points that effort 0 scores below effort 2 at the same quality, +-0.6, by the score."""
_VIPS_QUALITY_FOR: Final = (
    *((50.0, 42.0), (64.0, 50.0), (70.0, 56.0)),
    *((77.0, 64.0), (83.0, 72.0), (90.0, 86.0)),
)
_VIPS_SCORE_PER_STEP: Final = ((50.0, 2.2), (64.0, 1.6), (77.0, 1.1), (90.0, 0.7))
_VIPS_REACH: Final = 3
_VIPS_SETTINGS: Final[dict[str, Any]] = {"compression": "av1", "subsample_mode": "off"}
_TEN_BITS: Final = np.rint(np.arange(256) * 1023 / 255).astype(np.uint16) << 6
"""8 bits to the upper 10 of 16. Left to libvips, white would become 1020 of 1023."""


@dataclass(slots=True)
class Colours:
    """An opaque picture in 8 bits, and the alpha plane of its file as an AVIF of its own."""

    picture: Picture
    plane: bytes | None = None
    alpha: Bytes | None = None
    """What that plane decodes to."""
    _last: tuple[bytes, Picture] | None = field(default=None, init=False)

    @property
    def bits(self) -> int:
        """The depth of the file's colours.

        libavif decodes no file whose alpha has another depth than its colours, and lossless alpha
        needs half as many bytes again in 10 bits.
        """
        return 10 if self.plane is None else 8

    def encode(self, planes: aom.Planes, quality: int, speed: int) -> bytes:
        """Return the file of a quality, and keep what it shows."""
        quantizer = {"cq-level": str(aom.WORST_QUANTIZER - quality), "cpu-used": str(speed)}
        encoded = aom.encode(planes, self.bits, {**quantizer, **_OPTIONS})
        data = self.file(file_of(encoded.data, self.picture, self.bits))
        pixels = encoded.shown
        if self.alpha is not None:
            pixels = np.dstack([pixels, self.alpha])
        shown = Picture(frames=pixels[None], mode=Mode.RGB, alpha=self.alpha is not None)
        self._last = data, shown
        return data

    def file(self, colours: bytes) -> bytes:
        """Return a file of colours with the alpha plane that belongs to them."""
        return lean(colours) if self.plane is None else with_alpha(colours, self.plane)

    def shown(self, data: bytes) -> bytes | Picture:
        """Return what the file decodes to, where it is the last one made here."""
        if self._last is not None and self._last[0] is data:
            return self._last[1]
        return data


def by_aom(colours: Colours, goal: float, final_speed: int) -> Ladder:
    """Return the way by libaom: looks at its quickest speed, files at the final one.

    On small pictures scores and opinions jump, so that quick looks foretell nothing, and files
    cost next to nothing: each look is at a file.
    """
    planes = aom.planes_of(np.ascontiguousarray(colours.picture.pixels), colours.bits)
    if max(colours.picture.width, colours.picture.height) < SMALL_SIDE:
        return Ladder(
            how=f"aom {colours.bits} bit 4:4:4",
            encode=lambda quality: colours.encode(planes, int(quality), final_speed),
            low=_QUALITIES[0],
            high=_QUALITIES[-1],
            start=interpolated(_QUALITY_FOR, goal),
            slope=interpolated(_SCORE_PER_STEP, goal),
            max_encodes=7,
        )
    is_slower = final_speed != _QUICK_SPEED
    return TwoStageLadder(
        how=f"aom {colours.bits} bit 4:4:4",
        encode=lambda quality: colours.encode(planes, int(quality), _QUICK_SPEED),
        finish=lambda _data, quality: colours.encode(planes, int(quality), final_speed),
        shown=colours.shown,
        margin=-interpolated(_QUICK_BELOW_FINAL, goal) if is_slower else 0.0,
        qualities=_QUALITIES,
        low=_QUALITIES[0],
        high=_QUALITIES[-1],
        start=interpolated(_QUALITY_FOR, goal),
        slope=interpolated(_SCORE_PER_STEP, goal),
        reach=_REACH,
        too_good=_TOO_GOOD,
        max_encodes=3,
    )


def by_vips(colours: Colours, goal: float, final_effort: int) -> TwoStageLadder:
    """Return the way by libvips, whose libaom takes fewer options, for where ours is missing."""
    picture = colours.picture
    frames = picture.frames if colours.plane is not None else _TEN_BITS[picture.frames]
    image = replace(picture, frames=frames).to_vips()
    kept = "exif|xmp|icc" if picture.exif or picture.xmp else "icc"

    def encode(quality: float, effort: int) -> bytes:
        data = image.heifsave_buffer(
            Q=int(quality), effort=effort, keep=kept, bitdepth=colours.bits, **_VIPS_SETTINGS
        )
        return colours.file(bytes(data))

    return TwoStageLadder(
        how=f"libvips' aom {colours.bits} bit 4:4:4",
        encode=lambda quality: encode(quality, VIPS_QUICK_EFFORT),
        finish=lambda _data, quality: encode(quality, final_effort),
        margin=-interpolated(_VIPS_QUICK_BELOW_FINAL, goal) if final_effort else 0.0,
        qualities=_VIPS_QUALITIES,
        low=_VIPS_QUALITIES[0],
        high=_VIPS_QUALITIES[-1],
        start=interpolated(_VIPS_QUALITY_FOR, goal),
        slope=interpolated(_VIPS_SCORE_PER_STEP, goal),
        reach=_VIPS_REACH,
        too_good=_TOO_GOOD,
        max_encodes=3,
    )


def of_icon(colours: Colours) -> Ladder:
    """Return the way by libavif with aom's tools for repeated patterns and few colours.

    At equal CIEDE2000 8 % smaller than aom at libvips' effort 6, 20 % than at effort 2.
    """
    picture = colours.picture
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
        return colours.file(buffer.getvalue())

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
