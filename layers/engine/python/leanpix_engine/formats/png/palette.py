"""A palette of exactly as many colours as the goal needs, exact where a change would be seen.

libimagequant is asked for a mean error, not for a number of colours, and the size it picks jumps;
it lets what is clear be tinted and what is opaque become translucent. Here its 256 colours, or all
of a small picture's, are merged two by two (`clusters.py`) until as many are left as wanted. All
sizes come from one quantization, so the search for the smallest is cheap.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.png import header as png_header
from leanpix_engine.formats.png.clusters import Bytes, Colours, MergedColours, kinds_of
from leanpix_engine.picture import flats
from leanpix_engine.picture.picture import Mode, Picture

Where = npt.NDArray[np.uint16]
"""Each pixel's number among colours."""

_MOST: Final = 256
_DISTINCT: Final = 700
"""Up to so many colours of a picture are merged themselves; finding the order takes 0.1 s then."""
_COUNTED_PIXELS: Final = 300_000
"""Above it, counting the colours takes longer than libimagequant."""
_ALPHA_BIN: Final = 15
_KINDS: Final = 3
_OPAQUE: Final = 255


def count_at(quality: float) -> int:
    """Return the number of colours, or of levels, of a ladder whose quality is 10 log2 of it."""
    return round(2 ** (quality / 10))


class MergedPalette:
    """The palette of one picture, all of its frames together, at any size."""

    def __init__(self, picture: Picture) -> None:
        """Quantize a picture of 8 bits, RGB or RGBA."""
        tall = _tall(picture)
        codes = flats.codes_of(tall.pixels)
        kept = flats.flat_colours(codes, _beside_equal(codes))
        distinct = _distinct(codes)
        if distinct is not None:
            values, counts, self._indices = distinct
            colours = flats.colours_of(values)
            alpha = colours[:, 3].astype(np.int16)
            start = Colours(colours, counts, alpha, alpha, np.isin(values, kept))
        else:
            start, self._indices = _split(codes, kept, _quantized(tall.to_vips()))
        self._merged = MergedColours(start)

    @property
    def most(self) -> int:
        """The most colours there are."""
        return min(_MOST, self._merged.most)

    def reduced(self, size: int) -> tuple[Bytes, Bytes]:
        """Return each pixel's index, and at most `size` colours (n, 4)."""
        cluster, colours = self._merged.table(min(size, _MOST))
        return cluster.astype(np.uint8)[self._indices], colours

    def png(self, size: int) -> bytes:
        """Return the image in at most `size` colours as a quickly made PNG."""
        return write(*self.reduced(size))

    def pixels(self, size: int) -> Bytes:
        """Return the image in at most `size` colours as (height, width, 4)."""
        cluster, colours = self._merged.table(min(size, _MOST))
        # One look-up of whole pixels: a sixth of the time of two, of an index and four channels.
        whole = np.ascontiguousarray(colours[cluster]).view(np.uint32)[:, 0]
        return whole[self._indices][..., None].view(np.uint8)


def dithered(picture: Picture, quality: float, *, dither: float, effort: int) -> bytes:
    """Return a PNG by libimagequant, with as few colours as its quality asks for.

    Its colours are parted like those of `MergedPalette`: they may be dithered into each other
    where that is no matter, not on flat areas.
    """
    tall = _tall(picture)
    codes = flats.codes_of(tall.pixels)
    kept = flats.flat_colours(codes, _beside_equal(codes))
    indices = _quantized(tall.to_vips(), quality=int(quality), dither=dither, effort=effort)
    start, where = _split(codes, kept, indices)
    cluster, colours = MergedColours(start).table(_MOST)
    return write(cluster.astype(np.uint8)[where], colours)


def _tall(picture: Picture) -> Picture:
    """Return a picture's frames below each other, as one."""
    pixels = np.ascontiguousarray(picture.frames).reshape(1, -1, *picture.frames.shape[2:])
    return Picture(frames=pixels, mode=Mode.RGB, alpha=picture.alpha)


def _beside_equal(codes: flats.Codes) -> npt.NDArray[np.bool_]:
    """Return where a pixel equals its right and its lower neighbour."""
    same = np.zeros(codes.shape, bool)
    same[:-1, :-1] = (codes[:-1, :-1] == codes[:-1, 1:]) & (codes[:-1, :-1] == codes[1:, :-1])
    return same


def _distinct(codes: flats.Codes) -> tuple[flats.Codes, Any, Where] | None:
    """Return all colours, how often each occurs, and where; None where they are too many."""
    if codes.size > _COUNTED_PIXELS:
        return None
    values, where, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if len(values) > _DISTINCT:
        return None
    return values, counts, where.reshape(codes.shape).astype(np.uint16)


def _split(codes: flats.Codes, kept: flats.Codes, indices: Bytes) -> tuple[Colours, Where]:
    """Return libimagequant's colours, parted by the rules of a palette, and each pixel's."""
    alpha = (codes >> 24).astype(np.uint8)
    parts = indices.astype(np.intp) * (_KINDS + _OPAQUE // _ALPHA_BIN)
    if not (alpha == _OPAQUE).all():
        kinds = kinds_of(alpha).astype(np.intp)
        parts += np.where(kinds == 1, _KINDS + (alpha.astype(np.intp) - 1) // _ALPHA_BIN, kinds)
    first_kept = int(np.max(parts)) + 1
    order = np.argsort(kept)
    for number, code in zip(order, kept[order], strict=True):
        parts[codes == code] = first_kept + number
    counts = np.bincount(parts.ravel(), minlength=first_kept + len(kept))
    present = np.flatnonzero(counts)
    renumbered = np.zeros(len(counts), np.uint16)
    renumbered[present] = np.arange(len(present))
    where: Where = renumbered[parts]
    values = _means(codes, where, len(present))
    fixed = present >= first_kept
    values[fixed] = flats.colours_of(kept[present[fixed] - first_kept])
    lowest, highest = _ranges(alpha, where, values[:, 3])
    return Colours(values, counts[present], lowest, highest, fixed), where


def _ranges(
    alpha: Bytes, where: Where, means: Bytes
) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """Return the lowest and the highest alpha of each colour's pixels."""
    lowest, highest = means.astype(np.int16), means.astype(np.int16)
    translucent = (alpha > 0) & (alpha < _OPAQUE)
    of_pixel, number = alpha[translucent].astype(np.int16), where[translucent]
    np.minimum.at(lowest, number, of_pixel)
    np.maximum.at(highest, number, of_pixel)
    return lowest, highest


def _means(codes: flats.Codes, where: Where, size: int) -> Bytes:
    flat, total = where.ravel(), np.bincount(where.ravel(), minlength=size)
    channels = flats.colours_of(codes.ravel()).T
    sums = [np.bincount(flat, channel, size) for channel in channels]
    return np.rint(np.stack(sums, axis=1) / np.maximum(total, 1)[:, None]).astype(np.uint8)


def _quantized(image: Any, *, quality: int = 100, dither: float = 0.0, effort: int = 5) -> Bytes:
    """Return each pixel's index among libimagequant's colours."""
    data = image.pngsave_buffer(
        palette=True,
        Q=quality,
        dither=dither,
        effort=effort,
        bitdepth=8,
        compression=1,
        filter="none",
        keep="none",
    )
    packed = [
        data[part.start : part.end] for part in png_header.chunks(data) if part.kind == b"IDAT"
    ]
    rows = np.frombuffer(zlib.decompress(b"".join(packed)), np.uint8)
    indices: Bytes = rows.reshape(image.height, image.width + 1)[:, 1:]
    return indices


def write(indices: Bytes, colours: Bytes) -> bytes:
    """Return a PNG of 8-bit indices into (n, 4) colours, quickly deflated."""
    height, width = indices.shape
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = indices
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x03\x00\x00\x00"
    parts = [chunk(b"IHDR", header), chunk(b"PLTE", colours[:, :3].tobytes())]
    if (colours[:, 3] < _OPAQUE).any():
        parts.append(chunk(b"tRNS", colours[:, 3].tobytes()))
    parts += [chunk(b"IDAT", zlib.compress(rows.tobytes(), 1)), chunk(b"IEND", b"")]
    return png_header.SIGNATURE + b"".join(parts)


def chunk(kind: bytes, payload: bytes) -> bytes:
    """Return a PNG chunk with its length and checksum."""
    return (
        len(payload).to_bytes(4, "big")
        + kind
        + payload
        + zlib.crc32(kind + payload).to_bytes(4, "big")
    )
