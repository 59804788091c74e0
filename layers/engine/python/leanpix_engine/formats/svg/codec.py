"""SVG: made safe, minified, and proven by drawing both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats.codec import Task
from leanpix_engine.formats.history.loss import PRISTINE
from leanpix_engine.formats.svg import header
from leanpix_engine.formats.svg.drawing import Tolerance, draw
from leanpix_engine.formats.svg.minify import minified
from leanpix_engine.formats.svg.safety import safe, safe_root
from leanpix_engine.limits import Limits
from leanpix_engine.model import Level
from leanpix_engine.picture.decode import from_vips, refusal_of
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.vips import pyvips
from leanpix_engine.search.ladder import Candidate, Ladder, unless_found
from leanpix_engine.search.targets import LEVEL_SCORES

_LOSSLESS: Final = Tolerance(exact=True, least_side=512)
_MEDIUM: Final = Tolerance(least_side=256)
_HIGH: Final = Tolerance()
_CLOSE: Final = Tolerance(least_side=512, pixel=24, block=3, area=0.5)
_BEST: Final = 100.0
"""The quality that is reported: a drawing has none to turn."""


def decode(source: bytes, limits: Limits, shrink: int = 1) -> Picture:
    """Return the document as librsvg draws it at its own size.

    Raises:
        Refused: damage, entities, more elements or pixels than the limits allow.
    """
    del shrink
    facts = header.read(source, limits)
    if facts.width * facts.height > limits.max_svg_pixels:
        raise Refused(Reason.TOO_LARGE, "The SVG asks for more pixels than the limits allow.")
    try:
        return from_vips(draw(safe_root(source, limits), facts, limits))
    except pyvips.Error as error:
        raise refusal_of(error) from error


shown = decode


def lossless(task: Task) -> Iterator[Candidate]:
    """Yield the safe document, and the smallest one that draws the very same pixels."""
    if task.source is None:
        return
    document = safe(task.source, task.limits)
    yield Candidate(data=document, how="safe")
    if task.smallest is None:
        found = minified(document, task.limits, task.deadline, _LOSSLESS)
        if found:
            yield Candidate(data=found.data, how=found.how)


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Yield ways of a single rung: the smallest document in which nobody sees a difference.

    The second looks closer, for what the metric takes amiss at the document's own size.
    """
    if task.source is None:
        return
    document = safe(task.source, task.limits)
    tolerance = _MEDIUM if goal >= LEVEL_SCORES[Level.MEDIUM] else _HIGH
    found = minified(document, task.limits, task.deadline, tolerance)
    if found:
        yield _rung(found.how, lambda: found.data)

    def closer() -> bytes:
        closely = minified(document, task.limits, task.deadline, _CLOSE)
        return closely.data if closely else document

    yield _rung("closer", closer)


def _rung(how: str, document: Callable[[], bytes]) -> Ladder:
    """Return a ladder that leads to one document, where those before it missed the goal."""
    return Ladder(
        how=how,
        encode=lambda _quality: document(),
        low=_BEST,
        high=_BEST,
        start=_BEST,
        worth=unless_found,
    )


def source_score(source: bytes, picture: Picture) -> float:
    """Return 100: a drawing has no pixels to lose; see `formats/codec.py`."""
    return PRISTINE
