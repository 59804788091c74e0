"""SVG: left as it is in this form."""

from __future__ import annotations

from collections.abc import Iterator

from leanpix_engine.errors import Reason, Refused
from leanpix_engine.formats import Task
from leanpix_engine.limits import Limits
from leanpix_engine.picture import Picture
from leanpix_engine.search import Candidate, Ladder


def decode(source: bytes, limits: Limits) -> Picture:
    """Draws the document."""
    raise Refused(Reason.UNSUPPORTED_FORMAT, "SVG is not supported yet.")


def lossless(task: Task) -> Iterator[Candidate]:
    """Nothing yet."""
    return iter(())


def ladders(task: Task, goal: float) -> Iterator[Ladder]:
    """Nothing yet."""
    return iter(())
