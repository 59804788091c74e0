"""Measure what a JPEG quantization costs, by quantizing again on a shifted grid.

The original of a JPEG is not there any more, so its loss cannot be measured. But its pixels can be
quantized once more by the same tables, in blocks shifted by half a block so that they do not fall
on the values of the first time. What that costs is close to what the first quantization cost:
`docs/decisions/0039-never-twice.md` has the errors.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine.formats.history.lattice import SIDE, Pixels, Table, dct_matrix, find_lattice
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.metric.ssimulacra2 import Reference

_SHIFT: Final = SIDE // 2
_TILE, _TILES_A_SIDE = 192, 2
_UNIT: Final = 16
"""Tiles start on whole minimum coded units of 4:2:0."""
_BIAS: Final = 2.5
"""A second quantization costs less than the first did: 1.2 points less after libjpeg, 3.5 after
mozjpeg's trellis."""
_CHROMA_AGAINST_LUMA: Final = 1.5
"""Usual ratio of the steps; pixels show those of luma alone."""
_ANY: Final[Table] = np.ones((SIDE, SIDE), np.float32)
# JFIF 1.02, chapter 7.
_TO_YCBCR: Final = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]],
    np.float32,
)
_TO_RGB: Final = np.linalg.inv(_TO_YCBCR)


def score_of_former_jpeg(pixels: Pixels, *, coarser_than: Table = _ANY) -> float:
    """Return the estimated score of pixels that went through a JPEG earlier.

    It is 100 where the pixels show none, or one whose steps are not above those of a table.
    """
    lattice = find_lattice(pixels)
    if lattice is None or lattice.coarseness(coarser_than) < 1:
        return PRISTINE
    return score_of_tables(
        pixels, lattice.steps, lattice.steps * _CHROMA_AGAINST_LUMA, halved=True
    )


def score_of_tables(pixels: Pixels, luma: Table, chroma: Table, *, halved: bool) -> float:
    """Return the estimated score of pixels, quantized by tables once, against their original.

    Args:
        pixels: (height, width, 1 or 3); at least 16 pixels a side.
        luma: the steps of luma by frequency.
        chroma: the steps of chroma.
        halved: whether chroma has half the resolution in both directions.
    """
    sample = _sample(pixels)[_SHIFT:, _SHIFT:]
    height, width = (side - side % _UNIT for side in sample.shape[:2])
    sample = np.ascontiguousarray(sample[:height, :width])
    if sample.shape[2] == 1:
        again = np.repeat(
            _quantize(sample[..., 0].astype(np.float32) - 128, luma)[..., np.newaxis] + 128,
            3,
            axis=2,
        )
        sample = np.repeat(sample, 3, axis=2)
    else:
        again = _requantize_colour(sample, luma, chroma, halved=halved)
    rounded = np.clip(np.rint(again), 0, 255).astype(np.uint8)
    again_score = Reference(np.ascontiguousarray(sample)).score(np.ascontiguousarray(rounded))
    return min(PRISTINE, again_score - _BIAS)


def _requantize_colour(
    sample: Pixels, luma: Table, chroma: Table, *, halved: bool
) -> npt.NDArray[np.float32]:
    components = sample.astype(np.float32) @ _TO_YCBCR.T
    planes = [_quantize(components[..., 0] - 128, luma) + 128]
    for component in (components[..., 1], components[..., 2]):
        if halved:
            small = _quantize(
                component.reshape(component.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3)), chroma
            )
            planes.append(np.repeat(np.repeat(small, 2, axis=0), 2, axis=1))
        else:
            planes.append(_quantize(component, chroma))
    return np.asarray(np.stack(planes, axis=-1) @ _TO_RGB.T)


def _quantize(plane: npt.NDArray[np.float32], steps: Table) -> npt.NDArray[np.float32]:
    """Return a plane, of whole blocks, after its DCT coefficients were rounded to the steps."""
    height, width = plane.shape
    matrix = dct_matrix()
    blocks = plane.reshape(height // SIDE, SIDE, width // SIDE, SIDE).transpose(0, 2, 1, 3)
    coefficients = matrix @ blocks @ matrix.T
    rounded = np.rint(coefficients / steps) * steps
    return np.asarray((matrix.T @ rounded @ matrix).transpose(0, 2, 1, 3).reshape(height, width))


def _sample(pixels: Pixels) -> Pixels:
    """Return an image of at most 0.18 megapixels: the whole, or tiles of all ranks of activity."""
    height, width = pixels.shape[:2]
    across, down = width // _TILE, height // _TILE
    wanted = _TILES_A_SIDE**2
    if height * width <= wanted * _TILE**2 * 1.2 or across * down < 2 * wanted:
        most = _TILES_A_SIDE * _TILE
        top, left = (max(0, side - most) // 2 // _UNIT * _UNIT for side in (height, width))
        return pixels[top : top + most, left : left + most]
    places = [
        (
            (height - _TILE) * row // max(1, down - 1),
            (width - _TILE) * column // max(1, across - 1),
        )
        for row in range(down)
        for column in range(across)
    ]
    places = [(top // _UNIT * _UNIT, left // _UNIT * _UNIT) for top, left in places]
    ranked = sorted(places, key=lambda place: _activity(pixels, place))
    chosen = [ranked[int((rank + 0.5) / wanted * len(ranked))] for rank in range(wanted)]
    rows = [
        np.concatenate([_tile(pixels, place) for place in chosen[at : at + _TILES_A_SIDE]], axis=1)
        for at in range(0, wanted, _TILES_A_SIDE)
    ]
    return np.concatenate(rows, axis=0)


def _tile(pixels: Pixels, place: tuple[int, int]) -> Pixels:
    top, left = place
    return pixels[top : top + _TILE, left : left + _TILE]


def _activity(pixels: Pixels, place: tuple[int, int]) -> float:
    """Return the mean difference between neighbours of a tile's second channel."""
    channel = _tile(pixels, place)[::2, ::2, -2:].astype(np.int16)[..., 0]
    return float(np.abs(np.diff(channel, axis=1)).mean())
