"""Draw SVG documents by librsvg, and tell whether two of them look the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.svg import header
from leanpix_engine.formats.svg.safety import safe_root, written
from leanpix_engine.limits import Limits
from leanpix_engine.model import Probe
from leanpix_engine.picture.vips import pyvips

# libvips counts librsvg among the untrusted; it gets only documents that `safe_root` has made.
pyvips.operation_block_set("VipsForeignLoadSvg", False)

_DPI: Final = 96
"""A CSS inch in CSS pixels (CSS Values 3, section 6.2)."""
_DPI_UNSCALED: Final = 72
"""At which libvips draws a pixel for each of the document's; more scales all of it."""
_BACKGROUNDS: Final = (255, 26)
"""What both drawings are laid on: white, and dark."""
_OPAQUE: Final = 255
_MAX_PIXELS: Final = 2_000_000
"""Of the drawing that is compared: four times the size up to 350 x 350, less above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """Differences that nobody sees, in levels of 255, and the size that is looked at."""

    exact: bool = False
    """Every pixel stays as it is at the document's own size, too."""
    times: float = 4.0
    """How many times its own size a document is drawn."""
    least_side: int = 0
    """Pixels that the longer side is drawn at, at least: icons are shown larger than they say."""
    pixel: float = 64.0
    """Of one pixel: an edge of full contrast that moves by a quarter of it."""
    block: float = 8.0
    """Of the mean of 4 x 4 pixels, one at four times the document's size."""
    area: float = 1.5
    """Of the mean of 32 x 32 pixels: a colour, a shade, a thing that is gone."""


def draw(root: ET.Element, facts: Probe, limits: Limits, scale: float = 1.0) -> Any:
    """Draw a safe document at its own size, or at a multiple of it.

    Raises:
        Refused: more pixels than the limits allow.
        pyvips.Error: librsvg cannot read it.
    """
    # librsvg would take the size of what is drawn where the document leaves one out.
    root.set("width", str(facts.width))
    root.set("height", str(facts.height))
    image = pyvips.Image.svgload_buffer(
        written(root), dpi=_DPI, scale=scale * _DPI_UNSCALED / _DPI
    )
    if image.width * image.height > limits.max_svg_pixels:
        raise Refused(Reason.TOO_LARGE, "The SVG asks for more pixels than the limits allow.")
    return image


class Look:
    """What one document looks like, for others to be held against."""

    def __init__(self, document: bytes, limits: Limits, tolerance: Tolerance) -> None:
        self._limits = limits
        self._tolerance = tolerance
        self._facts = header.read(document, limits)
        sides = (self._facts.width, self._facts.height)
        wanted = max(tolerance.times, tolerance.least_side / max(sides))
        affordable = math.sqrt(_MAX_PIXELS / (sides[0] * sides[1]))
        self.scale = min(wanted, max(1.0, affordable))
        scales = (1.0, self.scale) if tolerance.exact else (self.scale,)
        self._drawn = {scale: self._draw(document, scale) for scale in scales}

    def same(self, document: bytes) -> bool:
        """Return True where another document has the same size and nobody sees a difference."""
        facts = header.read(document, self._limits)
        if (facts.width, facts.height) != (self._facts.width, self._facts.height):
            return False
        exact = self._tolerance.exact
        try:
            return all(
                self._alike(drawn, self._draw(document, scale), exact=exact and scale == 1)
                for scale, drawn in self._drawn.items()
            )
        except (Refused, pyvips.Error):
            return False

    def _draw(self, document: bytes, scale: float) -> list[Any]:
        image = draw(safe_root(document, self._limits), self._facts, self._limits, scale)
        image = image.copy_memory()
        if not image.hasalpha() or image[3].min() == _OPAQUE:
            return [image[:3].copy_memory()]
        return [image.flatten(background=shade).copy_memory() for shade in _BACKGROUNDS]

    def _alike(self, first: list[Any], second: list[Any], *, exact: bool) -> bool:
        return len(first) == len(second) and all(
            self._close(one, other, exact=exact) for one, other in zip(first, second, strict=True)
        )

    def _close(self, first: Any, second: Any, *, exact: bool) -> bool:
        difference = (first.cast("short") - second.cast("short")).copy_memory()
        most = difference.abs().max()
        if exact or most == 0:
            return bool(most == 0)
        squares = ((4, self._tolerance.block), (32, self._tolerance.area))
        return most <= self._tolerance.pixel and all(
            difference.cast("float").shrink(side, side).abs().max() <= bound
            for side, bound in squares
            if side <= min(difference.width, difference.height)
        )
