"""Make a palette of exactly as many colours as the goal needs.

libimagequant is asked for a mean error, not for a number of colours, and the size it picks jumps.
Here its 256 colours are merged two by two, first the pair whose merging costs least (Ward's
criterion), until as many are left as wanted. All sizes come from one quantization, so the search
for the smallest is cheap.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.png import header as png_header

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]

_LIGHTNESS_POWER = 1.25
"""From sRGB values to even steps for merging; libimagequant compares in a space like it."""
_CHANNELS = np.array([1.0, 1.4, 0.95, 0.6], np.float32)
"""Weights of red, green, blue, alpha there."""
_COUNT_POWER = 0.7
"""Below 1, so that small areas keep their colours: measured against 1 and 0.5."""
_REFINEMENTS = 2
_OPAQUE = 255


def count_at(quality: float) -> int:
    """Return the number of colours, or of levels, of a ladder whose quality is 10 log2 of it."""
    return round(2 ** (quality / 10))


class MergedPalette:
    """The palette of one image, at any size."""

    def __init__(self, image: Any) -> None:
        """Take a libvips image, 8 bits, RGB or RGBA."""
        self._colours, self._indices = _quantized(image)
        self._points = _to_space(self._colours)
        counts = np.bincount(self._indices.ravel(), minlength=len(self._colours))
        self._weights = counts.astype(np.float64) ** _COUNT_POWER + 1e-3
        self._merges = _merge_order(self._points, self._weights)

    @property
    def size(self) -> int:
        """The most colours there are."""
        return len(self._colours)

    def reduced(self, size: int) -> tuple[Bytes, Bytes]:
        """Return each pixel's index, and at most `size` colours (n, 4)."""
        cluster, colours = self._table(size)
        return cluster[self._indices], colours

    def png(self, size: int) -> bytes:
        """Return the image in at most `size` colours, as a quickly made PNG."""
        return write(*self.reduced(size))

    def pixels(self, size: int) -> Bytes:
        """Return the image in at most `size` colours as (height, width, 4)."""
        cluster, colours = self._table(size)
        # One look-up of whole pixels: a sixth of the time of two, of an index and four channels.
        return colours[cluster].view(np.uint32)[:, 0][self._indices][..., None].view(np.uint8)

    def _table(self, size: int) -> tuple[Bytes, Bytes]:
        """Return which of at most `size` colours stands for each, and those colours (n, 4)."""
        if size >= self.size:
            return np.arange(self.size, dtype=np.uint8), self._colours
        points, cluster = self._clusters(size)
        return cluster.astype(np.uint8), _from_space(points)

    def _clusters(self, size: int) -> tuple[Floats, npt.NDArray[np.intp]]:
        """Return points of `size` clusters and each colour's cluster: merged, then Lloyd's."""
        cluster = np.arange(self.size)
        for kept, gone in self._merges[: self.size - size]:
            cluster[cluster == gone] = kept
        cluster = np.unique(cluster, return_inverse=True)[1]
        points = self._means(cluster, size)
        for _ in range(_REFINEMENTS):
            cluster = ((self._points[:, None] - points[None]) ** 2).sum(-1).argmin(1)
            points = np.where(
                np.isin(np.arange(size), cluster)[:, None], self._means(cluster, size), points
            )
        return points, cluster

    def _means(self, cluster: npt.NDArray[np.intp], size: int) -> Floats:
        total = np.maximum(np.bincount(cluster, self._weights, size), 1e-9)
        sums = [np.bincount(cluster, self._weights * channel, size) for channel in self._points.T]
        means: Floats = (np.stack(sums, axis=1) / total[:, None]).astype(np.float32)
        return means


def _quantized(image: Any) -> tuple[Bytes, Bytes]:
    """Return libimagequant's colours (n, 4) and each pixel's index."""
    data = image.pngsave_buffer(
        palette=True,
        Q=100,
        dither=0.0,
        effort=5,
        bitdepth=8,
        compression=1,
        filter="none",
        keep="none",
    )
    colours, alphas, packed = b"", b"", []
    for part in png_header.chunks(data):
        payload = data[part.start : part.end]
        if part.kind == b"PLTE":
            colours = payload
        elif part.kind == b"tRNS":
            alphas = payload
        elif part.kind == b"IDAT":
            packed.append(payload)
    rows = np.frombuffer(zlib.decompress(b"".join(packed)), np.uint8).reshape(
        image.height, image.width + 1
    )
    rgb = np.frombuffer(colours, np.uint8).reshape(-1, 3)
    alpha = np.full((len(rgb), 1), 255, np.uint8)
    alpha[: len(alphas), 0] = np.frombuffer(alphas, np.uint8)
    return np.hstack([rgb, alpha]), rows[:, 1:]


def _to_space(colours: Bytes) -> Floats:
    """Return points of colours; the more transparent one is, the less it counts."""
    share = colours.astype(np.float32) / 255
    share[:, :3] = share[:, :3] ** np.float32(_LIGHTNESS_POWER) * share[:, 3:]
    points: Floats = (share * _CHANNELS).astype(np.float32)
    return points


def _from_space(points: Floats) -> Bytes:
    share = np.clip(points / _CHANNELS, 0, 1)
    colour = np.clip(share[:, :3] / np.maximum(share[:, 3:], 1 / 512), 0, 1) ** (
        1 / _LIGHTNESS_POWER
    )
    colours: Bytes = np.rint(np.hstack([colour, share[:, 3:]]) * 255).astype(np.uint8)
    return colours


def _merge_order(start: Floats, weights: Doubles) -> list[tuple[int, int]]:
    """Return pairs (kept, gone) in the order in which merging them costs least."""
    points: Doubles = start.astype(np.float64)
    weights = weights.copy()
    alive = np.ones(len(points), bool)
    cost = np.stack([_costs(points, weights, alive, index) for index in range(len(points))])
    order = []
    for _ in range(len(points) - 1):
        kept, gone = divmod(int(np.argmin(cost)), len(points))
        order.append((kept, gone))
        total = weights[kept] + weights[gone]
        points[kept] = (points[kept] * weights[kept] + points[gone] * weights[gone]) / total
        weights[kept], alive[gone] = total, False
        cost[gone] = cost[:, gone] = np.inf
        cost[kept] = cost[:, kept] = _costs(points, weights, alive, kept)
    return order


def _costs(
    points: Doubles,
    weights: Doubles,
    alive: npt.NDArray[np.bool_],
    index: int,
) -> Doubles:
    """Return what merging one cluster with each other adds to the squared error (Ward 1963)."""
    distance = ((points - points[index]) ** 2).sum(-1)
    cost = np.where(
        alive, distance * weights * weights[index] / (weights + weights[index]), np.inf
    )
    cost[index] = np.inf
    return cost


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
