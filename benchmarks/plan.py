"""List the encodes of each image: our levels, and those that people would use instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.corpus import Group, Item
from benchmarks.records import LEANPIX
from benchmarks.rivals_setup import Programs
from leanpix_engine import Format, Level

CONVERTED_UP_TO_MEGAPIXELS: Final = 3.0
"""Larger photos are not made into WebP and AVIF: sharp's AVIF alone takes 3 s/MP."""
AVIF_OF_GRAPHICS_UP_TO_MEGAPIXELS: Final = 1.0
WHOLE_LADDER_UP_TO_MEGAPIXELS: Final = 1.2
"""Larger photos are encoded at the qualities that a bisection needs alone."""

SHARP_JPEG, SHARP_MOZJPEG = "sharp jpeg", "sharp mozjpeg"
SHARP_PNG, SHARP_PALETTE = "sharp png", "sharp png palette"
SHARP_WEBP, SHARP_AVIF, SHARP_GIF = "sharp webp", "sharp avif", "sharp gif"
PNGQUANT, OXIPNG = "pngquant", "oxipng"
CWEBP, PILLOW_AVIF = "libwebp, as cwebp", "libavif, as Pillow"
GIFSICLE = "gifsicle -O3"
GIFSICLE_LOSSY = "gifsicle -O3 --lossy=80"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encode:
    """One encode to be made."""

    codec: str
    setting: str
    format: Format
    process: str
    """Which process takes it: "engine", "programs" or "sharp"."""
    task: dict[str, Any]
    lossless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A codec whose size at our score is wanted."""

    codec: str
    format: Format
    qualities: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)

    def at(self, quality: int) -> Encode:
        """Return the encode of one quality."""
        options = {**self.options, "quality": quality}
        return sharp(self.codec, f"q{quality}", self.format, options)


_QUALITIES: Final = (40, 55, 65, 75, 80, 85, 90, 95)
LADDERS: Final = (
    Ladder(codec=SHARP_JPEG, format=Format.JPEG, qualities=_QUALITIES),
    Ladder(
        codec=SHARP_MOZJPEG, format=Format.JPEG, qualities=_QUALITIES, options={"mozjpeg": True}
    ),
    Ladder(codec=SHARP_WEBP, format=Format.WEBP, qualities=_QUALITIES),
    Ladder(codec=SHARP_AVIF, format=Format.AVIF, qualities=(40, 50, 58, 66, 75, 85)),
)
OUR_QUALITIES: Final = (50, 70, 85)
"""At which our own curve is drawn, besides the levels."""


def sharp(codec: str, setting: str, kind: Format, options: dict[str, Any]) -> Encode:
    """Return an encode by sharp."""
    name = {Format.JPEG: "jpeg"}.get(kind, kind.value)
    task: dict[str, Any] = {"format": name, "options": options}
    if kind is Format.GIF:
        task["animated"] = True
    return Encode(codec=codec, setting=setting, format=kind, process="sharp", task=task)


def ours(item: Item) -> Iterator[Encode]:
    """Return all our levels, and the conversions and curves of some groups."""
    kind = item.format or Format.JPEG
    for level in Level:
        yield _ours(level, kind)
    small = item.megapixels <= CONVERTED_UP_TO_MEGAPIXELS
    if item.is_graphic or (item.is_photo and small):
        yield _ours(Level.MEDIUM, kind, Format.WEBP)
    small_graphic = item.is_graphic and item.megapixels <= AVIF_OF_GRAPHICS_UP_TO_MEGAPIXELS
    if small_graphic or (item.is_photo and small):
        yield _ours(Level.MEDIUM, kind, Format.AVIF)
    if item.is_photo and item.megapixels <= WHOLE_LADDER_UP_TO_MEGAPIXELS:
        for target in (Format.WEBP, Format.AVIF):
            yield _ours(Level.HIGH, kind, target)
        for quality in OUR_QUALITIES:
            yield _ours(Level.MEDIUM, kind, quality=quality)


def rivals(item: Item, programs: Programs) -> Iterator[Encode]:
    """Return the rivals at their defaults, each in a process of its own."""
    wanted: Iterator[Encode] = iter(())
    if item.is_photo:
        wanted = _of_photo(item)
    elif item.is_graphic:
        wanted = _of_graphic(programs)
    elif item.is_animation and item.format is Format.GIF:
        wanted = _of_gif(programs)
    for encode in wanted:
        if programs.node is not None or encode.process != "sharp":
            yield encode


def ladders(item: Item, programs: Programs) -> list[Ladder]:
    """Return the codecs that are compared at our score."""
    if not item.is_photo or programs.node is None:
        return []
    small = item.megapixels <= CONVERTED_UP_TO_MEGAPIXELS
    return [ladder for ladder in LADDERS if small or ladder.format is Format.JPEG]


def _ours(
    level: Level, kind: Format, target: Format | None = None, quality: int | None = None
) -> Encode:
    return Encode(
        codec=LEANPIX,
        setting=f"q{quality}" if quality else level.value,
        format=target or kind,
        process="engine",
        task={
            "do": "optimize",
            "level": level.value,
            "quality": quality,
            "format": target.value if target else None,
        },
        lossless=level is Level.LOSSLESS,
    )


def _of_photo(item: Item) -> Iterator[Encode]:
    yield sharp(SHARP_JPEG, DEFAULT, Format.JPEG, {})
    for quality in (75, 80, 85):
        options = {"mozjpeg": True, "quality": quality}
        yield sharp(SHARP_MOZJPEG, f"fixed q{quality}", Format.JPEG, options)
    if item.megapixels <= CONVERTED_UP_TO_MEGAPIXELS and item.group is not Group.BIG_PHOTOS:
        yield sharp(SHARP_WEBP, DEFAULT, Format.WEBP, {})
        yield sharp(SHARP_AVIF, DEFAULT, Format.AVIF, {})
        yield _pillow(CWEBP, Format.WEBP, {"quality": 75, "method": 4})
        yield _pillow(PILLOW_AVIF, Format.AVIF, {})


def _of_graphic(programs: Programs) -> Iterator[Encode]:
    png = Format.PNG
    yield _lossless(sharp(SHARP_PNG, DEFAULT, png, {}))
    yield sharp(SHARP_PALETTE, DEFAULT, png, {"palette": True})
    yield sharp(SHARP_WEBP, DEFAULT, Format.WEBP, {})
    for level in (2, 4):
        task = {"do": "oxipng", "level": level}
        setting = f"level {level}"
        yield _lossless(
            Encode(codec=OXIPNG, setting=setting, format=png, process="engine", task=task)
        )
    yield _pillow(CWEBP, Format.WEBP, {"quality": 75, "method": 4})
    if programs.pngquant:
        yield _program(PNGQUANT, png, [programs.pngquant, "-"])


def _of_gif(programs: Programs) -> Iterator[Encode]:
    yield sharp(SHARP_GIF, DEFAULT, Format.GIF, {})
    if programs.gifsicle:
        yield _program(GIFSICLE, Format.GIF, [programs.gifsicle, "-O3"])
        yield _program(GIFSICLE_LOSSY, Format.GIF, [programs.gifsicle, "-O3", "--lossy=80"])


def _lossless(encode: Encode) -> Encode:
    return Encode(
        codec=encode.codec,
        setting=encode.setting,
        format=encode.format,
        process=encode.process,
        task=encode.task,
        lossless=True,
    )


def _pillow(codec: str, kind: Format, options: dict[str, Any]) -> Encode:
    task = {"do": "pillow", "format": kind.name, "options": options}
    return Encode(codec=codec, setting=DEFAULT, format=kind, process="engine", task=task)


def _program(codec: str, kind: Format, command: list[str]) -> Encode:
    task = {"do": "program", "command": command}
    return Encode(codec=codec, setting=DEFAULT, format=kind, process="programs", task=task)
