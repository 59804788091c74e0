"""Show a frame as people see it: in sRGB, on white and on dark, in full and averaged."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from leanpix_engine.metric.cells import Means, cells
from leanpix_engine.metric.sampling import Rgb

BACKGROUNDS: Final = (255, 26)
"""What a picture with alpha is laid on to be compared: white, and dark."""
_OPAQUE: Final = 255


class Views:
    """One frame, with what is derived from it made once."""

    def __init__(self, pixels: npt.NDArray[np.uint8], *, alpha: bool) -> None:
        """`pixels` is (height, width, 3, or 4 with `alpha`), in sRGB and not premultiplied."""
        self.colour: Rgb = pixels[..., :3]
        self.alpha = pixels[..., 3] if alpha else None
        """(height, width); None where everything is opaque."""
        # No `functools.cache`: it would keep a large picture until the next garbage collection.
        self._on: dict[int, Rgb] = {}
        self._cells_on: dict[int, Means] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.colour.shape[0], self.colour.shape[1]

    @property
    def seen(self) -> npt.NDArray[np.bool_] | None:
        """Where anything is seen; None for everywhere."""
        return None if self.alpha is None else self.alpha > 0

    def on(self, background: int) -> Rgb:
        """Return the frame on a background, (height, width, 3)."""
        if background not in self._on:
            self._on[background] = self._laid_on(background)
        return self._on[background]

    def cells_on(self, background: int) -> Means:
        """Return the mean colours of squares of 4 pixels a side, on a background."""
        if background not in self._cells_on:
            self._cells_on[background] = cells(self.on(background))
        return self._cells_on[background]

    def _laid_on(self, background: int) -> Rgb:
        if self.alpha is None:
            return np.ascontiguousarray(self.colour)
        share = self.alpha[..., None].astype(np.float32) / _OPAQUE
        laid = self.colour * share + np.float32(background) * (1 - share)
        return np.ascontiguousarray(np.rint(laid).astype(np.uint8))
