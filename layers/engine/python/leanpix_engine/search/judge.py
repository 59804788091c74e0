"""Prove that a candidate decodes, has its shape, and looks as it has to."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from zlib import crc32

import numpy as np

from leanpix_engine.errors import Refused
from leanpix_engine.metric.sampling import SAMPLED_ABOVE_PIXELS, Rgb
from leanpix_engine.metric.ssimulacra2 import Reference
from leanpix_engine.picture.color import in_srgb
from leanpix_engine.picture.picture import Mode, Picture, Pixels

_SAMPLED_FRAMES = 6
"""Frames of an animation that are scored, spread evenly; every frame is decoded and counted."""
_WORST_FRAME_BELOW = 3.0
_SAMPLING_ERROR = 0.2
"""Usual error of a sampled score, in points; the largest seen was 0.45."""
_MIN_SIDE = 8
_BACKGROUNDS = (255, 26)
"""The backgrounds on which a picture with alpha is compared: white, and dark."""


class Judge:
    """Compares candidates with one picture."""

    def __init__(self, picture: Picture, decode: Callable[[bytes], Picture]) -> None:
        """Take a picture, and how to decode a candidate."""
        self._picture = picture
        self._decode = decode
        self._references: list[tuple[int, int | None, Reference]] | None = None
        self._scores: dict[int, float] = {}

    @property
    def uncertainty(self) -> float:
        """The points by which a score may exceed the truth: none, or the error of a sample."""
        pixels = self._picture.width * self._picture.height
        return _SAMPLING_ERROR if pixels > SAMPLED_ABOVE_PIXELS else 0.0

    def score(self, made: bytes | Picture) -> float:
        """Return the SSIMULACRA2 of a candidate, or of what it will decode to.

        It is the lowest over sampled frames and backgrounds.
        """
        return self.score_of(made if isinstance(made, Picture) else self._decode(made))

    def score_of(self, picture: Picture) -> float:
        """Return the same for a decoded candidate; -inf where frames or size differ.

        Equal pixels are scored once: what only repacks a file costs no second look.
        """
        if not self._same_shape(picture):
            return -math.inf
        digest = crc32(np.ascontiguousarray(picture.frames).data)
        if digest not in self._scores:
            self._scores[digest] = self._measure(picture)
        return self._scores[digest]

    def _measure(self, picture: Picture) -> float:
        scores = [
            reference.score(self._seen(picture, index, background))
            for index, background, reference in self._sampled()
        ]
        worst = min(scores)
        # A long animation is judged as a whole, but no frame may fall far behind.
        return (
            min(float(np.mean(scores)), worst + _WORST_FRAME_BELOW) if picture.count > 1 else worst
        )

    def _seen(self, picture: Picture, index: int, background: int | None) -> Rgb:
        """Return one frame as a viewer with colour management shows it.

        A candidate of the search carries no profile yet: it is seen by the one of the original.
        """
        ours = self._picture
        frame = replace(picture, frames=picture.frames[index : index + 1])
        if ours.mode is Mode.CMYK or (ours.icc and picture.mode is ours.mode):
            frame = in_srgb(replace(frame, icc=ours.icc))
        return _flat(frame.rgb8()[0], background, alpha=frame.alpha)

    def identical(self, picture: Picture) -> bool:
        """Return True for equal pixels; colours under full transparency do not count."""
        ours = self._picture
        if not self._same_shape(picture) or (ours.delays_ms, ours.loop) != (
            picture.delays_ms,
            picture.loop,
        ):
            return False
        if (
            ours.deep != picture.deep
            or ours.mode is not picture.mode
            or ours.alpha != picture.alpha
        ):
            return self._same_colours(picture)
        if np.array_equal(ours.frames, picture.frames):
            return True
        return ours.alpha and _same_seen(ours.frames, picture.frames)

    def acceptable(self, data: bytes, floor: float | None) -> tuple[bool, float | None]:
        """Return whether a candidate may be returned, and its score.

        `floor` None asks for identical pixels.
        """
        try:
            picture = self._decode(data)
        except Refused:
            return False, None
        if floor is None:
            return self.identical(picture), None
        if not self._same_shape(picture) or (picture.delays_ms != self._picture.delays_ms):
            return False, None
        if picture.count > 1 and picture.loop != self._picture.loop:
            return False, None
        score = self.score_of(picture)
        return score >= floor, score

    def _same_shape(self, picture: Picture) -> bool:
        ours = self._picture
        return (picture.count, picture.height, picture.width) == (
            ours.count,
            ours.height,
            ours.width,
        )

    def _same_colours(self, picture: Picture) -> bool:
        """Return True where two layouts show the same: gray as gray RGB, RGB as opaque RGBA."""
        ours = self._picture
        if Mode.CMYK in (ours.mode, picture.mode) or ours.deep != picture.deep:
            return False
        first, second = _rgba(ours), _rgba(picture)
        return bool(np.array_equal(first, second)) or _same_seen(first, second)

    def _sampled(self) -> list[tuple[int, int | None, Reference]]:
        if self._references is None:
            picture = self._picture
            chosen = sorted({round(i) for i in np.linspace(0, picture.count - 1, _SAMPLED_FRAMES)})
            backgrounds = (None,) if picture.opaque() else _BACKGROUNDS
            self._references = [
                (
                    index,
                    background,
                    Reference(self._seen(picture, index, background)),
                )
                for index in chosen
                for background in backgrounds
            ]
        return self._references


def _flat(frame: Rgb, background: int | None, *, alpha: bool) -> Rgb:
    """Return one frame as RGB on a background, at least as large as the metric's window."""
    colour = frame[..., :3]
    if alpha:
        share = frame[..., 3:].astype(np.float32) / 255
        behind = np.float32(255 if background is None else background)
        colour = np.rint(colour * share + behind * (1 - share)).astype(np.uint8)
    short = [max(0, _MIN_SIDE - side) for side in colour.shape[:2]]
    if any(short):
        colour = np.pad(colour, ((0, short[0]), (0, short[1]), (0, 0)), mode="edge")
    return np.ascontiguousarray(colour)


def _rgba(picture: Picture) -> Pixels:
    frames = picture.frames
    full = np.iinfo(frames.dtype).max
    colour = frames[..., :-1] if picture.alpha else frames
    if colour.shape[-1] == 1:
        colour = np.repeat(colour, 3, axis=-1)
    alpha = (
        frames[..., -1:] if picture.alpha else np.full((*frames.shape[:-1], 1), full, frames.dtype)
    )
    return np.concatenate([colour, alpha], axis=-1)


def _same_seen(first: Pixels, second: Pixels) -> bool:
    """Return True for equal frames; colours of fully transparent pixels do not count."""
    if not np.array_equal(first[..., -1], second[..., -1]):
        return False
    differs = (first[..., :-1] != second[..., :-1]).any(axis=-1)
    return not bool((differs & (first[..., -1] != 0)).any())
