"""Judge outputs apart from the engine: decode by libvips or Pillow and score the appearance.

The metric is the engine's SSIMULACRA2 (`tests/engine/metric/test_ssimulacra2.py` holds it against
PyPI's), here always over the whole image: the engine's own search takes a sample of large ones.
"""

from __future__ import annotations

import io
import math
import tempfile
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageSequence

from leanpix_engine import Format, Limits, Refused
from leanpix_engine.formats.registry import codec_of
from leanpix_engine.formats.sniff import sniff
from leanpix_engine.metric import ssimulacra2 as metric
from leanpix_engine.picture.vips import pyvips

Pixels = npt.NDArray[np.uint8]

_FRAMES: Final = 6
"""Frames of an animation that are scored, spread evenly."""
_BACKGROUNDS: Final = (255, 26)
"""What transparent images are laid on: white, and dark. The worse of both counts."""
_LEAST_SIDE: Final = 8
_ALPHA: Final = (2, 4)
"""Numbers of channels that mean transparency."""

# Every image in full: `metric` would take tiles of those above 3 MP.
setattr(metric, "SAMPLED_ABOVE_PIXELS", 10**12)  # noqa: B010 - it is imported there, not ours


class Undecodable(Exception):
    """A file that neither libvips nor Pillow shows."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The picture in a viewer with colour management: frames as 8-bit RGBA, upright, in sRGB."""

    frames: Pixels
    """(frames, height, width, 4): of an animation those that are scored, unless all are wanted."""
    delays_ms: tuple[int, ...] = ()
    count: int = 1
    """Of all frames."""

    @property
    def size(self) -> tuple[int, int]:
        """The width and the height."""
        return int(self.frames.shape[2]), int(self.frames.shape[1])

    @property
    def shape(self) -> tuple[int, ...]:
        """The facts that an output must share: size and number of frames."""
        return (*self.size, self.count)

    @property
    def opaque(self) -> bool:
        """Whether nothing is transparent."""
        return bool((self.frames[..., 3] == np.uint8(255)).all())


def look(data: bytes, *, every_frame: bool = False) -> Seen:
    """Decode a file to what a viewer shows.

    Raises:
        Undecodable: it is damaged.
    """
    try:
        kind = sniff(data)
        if kind is Format.SVG:
            drawn = codec_of(kind).decode(data, Limits())
            return Seen(_rgba(drawn.rgb8()))
        if kind is Format.PNG and b"acTL" in data[:4096]:
            return _look_by_pillow(data, every_frame=every_frame)
        return _look_by_vips(data, kind)
    except (Refused, pyvips.Error, OSError, ValueError, SyntaxError) as error:
        raise Undecodable(str(error)) from error


def same_pixels(first: bytes, second: bytes) -> bool:
    """Return whether all visible pixels are equal at full depth."""
    kind = sniff(first)
    if kind is Format.SVG or b"acTL" in first[:4096]:
        frames = [
            look(data, every_frame=True).frames.astype(np.uint16) for data in (first, second)
        ]
    else:
        frames = [_deep(first), _deep(second)]
    one, other = frames
    if one.shape != other.shape or not np.array_equal(one[..., 3], other[..., 3]):
        return False
    differs = (one[..., :3] != other[..., :3]).any(axis=-1)
    return not bool((differs & (one[..., 3] != 0)).any())


@dataclass(slots=True, eq=False)
class Original:
    """An image that outputs are scored against."""

    data: bytes
    seen: Seen = field(init=False)
    _references: dict[tuple[int, int], metric.Reference] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Decode the image once."""
        self.seen = look(self.data)

    def score(self, data: bytes) -> float:
        """Return the SSIMULACRA2, the mean over frames; -inf for another size or number of frames.

        Raises:
            Undecodable: the output is damaged.
        """
        if data == self.data:
            return 100.0
        other = look(data)
        if other.shape != self.seen.shape:
            return -math.inf
        frames = range(self.seen.frames.shape[0])
        return float(np.mean([self._score_frame(other, index) for index in frames]))

    def score_by_pypi(self, data: bytes) -> float:
        """Return the score by PyPI's `ssimulacra2`, which is slow: for samples."""
        compare = import_module("ssimulacra2").compute_ssimulacra2
        other = look(data)
        opaque = self.seen.opaque and other.opaque
        with tempfile.TemporaryDirectory() as folder:
            scores = []
            for background in _BACKGROUNDS[: 1 if opaque else None]:
                paths = [Path(folder) / "original.png", Path(folder) / "output.png"]
                for path, seen in zip(paths, (self.seen, other), strict=True):
                    Image.fromarray(_flat(seen.frames[0], background)).save(path)
                scores.append(float(compare(*map(str, paths))))
        return min(scores)

    def _score_frame(self, other: Seen, index: int) -> float:
        opaque = self.seen.opaque and other.opaque
        scores = []
        for background in _BACKGROUNDS[: 1 if opaque else None]:
            key = (index, background)
            if key not in self._references:
                before = _flat(self.seen.frames[index], background)
                self._references[key] = metric.Reference(before)
            after = _flat(other.frames[index], background)
            scores.append(self._references[key].score(after))
        return min(scores)


def _flat(frame: Pixels, background: int) -> Pixels:
    """Return RGB on a background, at least as large as the metric's window."""
    alpha = frame[..., 3:]
    colour = frame[..., :3]
    if not bool((alpha == np.uint8(255)).all()):
        share = alpha.astype(np.float32) / 255
        mixed = colour * share + np.float32(background) * (1 - share)
        colour = np.rint(mixed).astype(np.uint8)
    short = [max(0, _LEAST_SIDE - side) for side in colour.shape[:2]]
    if any(short):
        colour = np.pad(colour, ((0, short[0]), (0, short[1]), (0, 0)), mode="edge")
    return np.ascontiguousarray(colour)


def _sampled(count: int) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, count - 1, _FRAMES)})


def _load(data: bytes, kind: Format) -> Any:
    options: dict[str, Any] = {"n": -1} if kind in (Format.GIF, Format.WEBP) else {}
    image = pyvips.Image.new_from_buffer(data, "", fail_on="truncated", **options)
    return image if _pages(image) > 1 else image.autorot()


def _pages(image: Any) -> int:
    return int(image.height) // _page_height(image)


def _page_height(image: Any) -> int:
    known = "page-height" in image.get_fields()
    height = int(image.get("page-height")) if known else int(image.height)
    return height if image.height % height == 0 else int(image.height)


def _look_by_vips(data: bytes, kind: Format) -> Seen:
    image = _load(data, kind)
    height, fields = _page_height(image), image.get_fields()
    delays = tuple(image.get("delay")) if "delay" in fields else ()
    if "icc-profile-data" in fields:
        image = image.icc_transform("srgb", embedded=True)
    elif image.interpretation == "cmyk":
        image = image.icc_transform("srgb", input_profile="cmyk")
    image = image.colourspace("srgb")
    if image.format != "uchar":
        image = image.cast("uchar")
    flat = np.frombuffer(image.write_to_memory(), np.uint8)
    array = flat.reshape(-1, height, image.width, image.bands)
    return Seen(_rgba(array[_sampled(len(array))]), delays, len(array))


def _look_by_pillow(data: bytes, *, every_frame: bool) -> Seen:
    image = Image.open(io.BytesIO(data))
    frames, delays = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(np.asarray(frame.convert("RGBA")))
        delays.append(int(frame.info.get("duration", 0)))
    wanted = range(len(frames)) if every_frame else _sampled(len(frames))
    return Seen(np.stack([frames[index] for index in wanted]), tuple(delays), len(frames))


def _deep(data: bytes) -> npt.NDArray[np.uint16]:
    """Return frames as 16-bit RGBA (for CMYK its first channels), colours as stored."""
    image = _load(data, sniff(data))
    deep = image.format == "ushort"
    raw = np.frombuffer(image.write_to_memory(), np.uint16 if deep else np.uint8)
    shape = (-1, _page_height(image), image.width, image.bands)
    array = raw.astype(np.uint16).reshape(shape)
    if image.interpretation == "cmyk":
        black = 1 + array[..., 3:4]  # never 0, which would hide the other three
        return np.concatenate([array[..., :3], black], axis=-1)
    return _rgba(array if deep else array * np.uint16(257), np.iinfo(np.uint16).max)


def _rgba(array: npt.NDArray[Any], full: int = 255) -> npt.NDArray[Any]:
    channels = array.shape[-1]
    alpha = array[..., -1:] if channels in _ALPHA else np.full_like(array[..., :1], full)
    colour = array[..., : channels - 1] if channels in _ALPHA else array
    if colour.shape[-1] == 1:
        colour = np.repeat(colour, 3, axis=-1)
    return np.concatenate([colour, alpha], axis=-1)
