"""Find the colours that fill flat areas, where every change is seen."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint32]
"""Pixels as numbers: equal where they look equal."""
Places = npt.NDArray[np.intp]
"""Numbers of pixels, row by row."""

LEAST_SHARE: Final = 0.01
"""Of what is seen, from which a colour counts."""
_MOST_COLOURS: Final = 100
_MOST_COUNTED: Final = 65_536
"""Pixels of flat areas that are counted; of more, as many spread evenly."""
_MOST_READ: Final = 1_000_000
"""Pixels of a picture of which every flat one is taken; of a larger one a share of them."""
_BAND_ROWS: Final = 512
_ROWS_APART: Final = 8
_MOST_PLACES: Final = 4_096
"""Pixels of a colour that are compared."""
_ALPHA_SHIFT, _CHANNELS = 24, 4


def codes_of(pixels: Bytes) -> Codes:
    """Return (height, width) numbers of (height, width, 1 to 4) pixels; 0 is clear.

    The bytes of a number are red, green, blue, alpha, from the lowest on.
    """
    channels = pixels.shape[-1]
    full = np.empty((*pixels.shape[:2], _CHANNELS), np.uint8)
    has_alpha = channels in (2, _CHANNELS)
    full[..., :3] = pixels[..., : channels - has_alpha]
    full[..., 3] = pixels[..., -1] if has_alpha else np.uint8(255)
    codes: Codes = full.view(np.uint32)[..., 0]
    if has_alpha:
        codes[full[..., 3] == 0] = 0
    return np.asarray(codes)


def colours_of(codes: Codes) -> Bytes:
    """Return the colours (n, 4) of some numbers (n,)."""
    return np.ascontiguousarray(codes).view(np.uint8).reshape(-1, _CHANNELS)


def inner(codes: Codes) -> npt.NDArray[np.bool_]:
    """Return where a pixel equals its four neighbours; those beyond the edge count as equal."""
    across = codes[:, 1:] == codes[:, :-1]
    down = codes[1:] == codes[:-1]
    same = np.ones(codes.shape, bool)
    same[:, 1:] &= across
    same[:, :-1] &= across
    same[1:] &= down
    same[:-1] &= down
    return same


def areas_of(colour: Bytes, alpha: Bytes | None) -> list[tuple[Bytes, Places]]:
    """Return the colours (4,) that fill flat areas, each with places inside of these.

    A large picture is read in bands, and of its flat areas some of the pixels are taken.
    """
    if alpha is None and not _may_have(colour):
        return []
    height, width = colour.shape[:2]
    step = -(-height * width // _MOST_READ)
    seen, found = 0, []
    for top in range(0, height, _BAND_ROWS):
        band = colour[top : top + _BAND_ROWS]
        if alpha is not None:
            band = np.concatenate([band, alpha[top : top + _BAND_ROWS, :, None]], axis=-1)
        codes = codes_of(band)
        seen += int(np.count_nonzero(codes))
        inside = np.flatnonzero(inner(codes) & (codes != 0))[::step]
        found.append((codes.ravel()[inside], inside + top * width))
    codes, places = (np.concatenate(parts) for parts in zip(*found, strict=True))
    areas = []
    for code in _frequent(codes, step, seen):
        inside = places[codes == code]
        areas.append((colours_of(code[None])[0], inside[:: -(-len(inside) // _MOST_PLACES)]))
    return areas


def _may_have(colour: Bytes) -> bool:
    """Tell most photos by some of their rows: no colour of theirs fills any area."""
    if colour.shape[0] < _ROWS_APART**2:
        return True
    codes = codes_of(np.ascontiguousarray(colour[::_ROWS_APART]))
    across = codes[:, 1:] == codes[:, :-1]
    inside = codes[:, 1:-1][across[:, 1:] & across[:, :-1]]
    if len(inside) < LEAST_SHARE / 2 * codes.size:
        return False
    counts = np.unique(inside, return_counts=True)[1]
    return int(np.max(counts)) >= LEAST_SHARE / 2 * codes.size


def flat_colours(codes: Codes, among: npt.NDArray[np.bool_]) -> Codes:
    """Return the numbers that fill at least `LEAST_SHARE` of what is seen, the most first."""
    seen = int(np.count_nonzero(codes))
    flat = codes[among & (codes != 0)]
    step = -(-len(flat) // _MOST_COUNTED) or 1
    return _frequent(flat[::step], step, seen)


def _frequent(codes: Codes, step: int, seen: int) -> Codes:
    """Return the numbers that are a share of all pixels, each of `codes` standing for `step`."""
    if len(codes) * step < LEAST_SHARE * seen:
        return codes[:0]
    found, counts = np.unique(codes, return_counts=True)
    large = counts * step >= max(1.0, LEAST_SHARE * seen)
    order = np.argsort(-counts[large], kind="stable")[:_MOST_COLOURS]
    return np.asarray(found[large][order])
