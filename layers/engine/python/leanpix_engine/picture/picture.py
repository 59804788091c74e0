"""Decoded pixels and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from leanpix_engine.picture.vips import pyvips

Pixels = npt.NDArray[Any]
"""8 or 16 bits per sample: `np.uint8` or `np.uint16`."""


class Mode(StrEnum):
    """The meaning of a picture's channels; the value is libvips' interpretation at 8 bits."""

    GRAY = "b-w"
    RGB = "srgb"
    CMYK = "cmyk"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One image or animation in memory.

    `frames` has the shape (frames, height, width, channels), 8 or 16 bits, alpha last and not
    premultiplied. `icc` is the profile the colours are in; without one they are sRGB.
    """

    frames: Pixels
    mode: Mode
    alpha: bool = False
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    orientation: int = 1
    delays_ms: tuple[int, ...] = ()
    loop: int = 0

    @property
    def pixels(self) -> Pixels:
        """The first frame: (height, width, channels)."""
        first: Pixels = self.frames[0]
        return first

    @property
    def count(self) -> int:
        """Number of frames."""
        return int(self.frames.shape[0])

    @property
    def width(self) -> int:
        """In pixels, as stored."""
        return int(self.frames.shape[2])

    @property
    def height(self) -> int:
        """Of one frame, in pixels, as stored."""
        return int(self.frames.shape[1])

    @property
    def deep(self) -> bool:
        """True with 16 bits per channel."""
        return self.frames.dtype == np.uint16

    @property
    def megapixels(self) -> float:
        """Of all frames together."""
        return self.count * self.width * self.height / 1e6

    def opaque(self) -> bool:
        """Return True where no pixel is transparent."""
        return not self.alpha or bool(
            (self.frames[..., -1] == np.iinfo(self.frames.dtype).max).all()
        )

    def without_alpha(self) -> Picture:
        """Return the same colours with the alpha channel left out."""
        return (
            replace(self, frames=np.ascontiguousarray(self.frames[..., :-1]), alpha=False)
            if self.alpha
            else self
        )

    def rgb8(self) -> npt.NDArray[np.uint8]:
        """Return frames as 8-bit RGB or RGBA; not for CMYK, which takes a profile to be RGB."""
        frames = self.frames
        if frames.dtype == np.uint16:
            frames = ((frames.astype(np.uint32) * 255 + 32_895) >> 16).astype(np.uint8)
        if self.mode is Mode.GRAY:
            colour = np.repeat(frames[..., :1], 3, axis=-1)
            frames = np.concatenate([colour, frames[..., 1:]], axis=-1) if self.alpha else colour
        return frames.view(np.uint8)

    def to_vips(self) -> Any:
        """Return a libvips image, frames below each other, without copying the pixels."""
        count, height, width, channels = self.frames.shape
        contiguous = np.ascontiguousarray(self.frames)
        image = pyvips.Image.new_from_memory(
            contiguous.data, width, height * count, channels, "ushort" if self.deep else "uchar"
        )
        deep_names = {Mode.GRAY: "grey16", Mode.RGB: "rgb16"}
        image = image.copy(
            interpretation=deep_names.get(self.mode, self.mode.value)
            if self.deep
            else self.mode.value
        )
        fields: list[tuple[Any, str, Any]] = []
        if count > 1:
            fields.append((pyvips.GValue.gint_type, "page-height", height))
            fields.append((pyvips.GValue.array_int_type, "delay", list(self.delays_ms)))
            fields.append((pyvips.GValue.gint_type, "loop", self.loop))
        for name, blob in (
            ("icc-profile-data", self.icc),
            ("exif-data", self.exif),
            ("xmp-data", self.xmp),
        ):
            if blob:
                fields.append((pyvips.GValue.blob_type, name, blob))
        for kind, name, value in fields:
            image.set_type(kind, name, value)
        return image
