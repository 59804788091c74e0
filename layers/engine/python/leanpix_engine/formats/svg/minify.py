"""Find the smallest form of an SVG document that still looks the same."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from leanpix_engine.errors import Refused
from leanpix_engine.formats.svg import passes
from leanpix_engine.formats.svg.drawing import Look, Tolerance
from leanpix_engine.formats.svg.safety import is_safe, name_of, safe_root, written
from leanpix_engine.limits import Deadline, Limits

_logger = logging.getLogger(__name__)
_MOST_DIGITS: Final = 5
_SCOUR_DIGITS: Final = 12
"""Significant digits that scour leaves, to be rounded later."""
_FEW_DIGITS: Final = 5
"""Significant digits where scour is all that there is."""
_ERROR_DRAWN: Final = 0.12
"""Pixels of the drawing that is compared, by which rounding may move a point."""
_SMALL_BYTES: Final = 30_000
"""Up to it one digit less than likely is tried, and passes run twice, which wins 0.4 %."""
_SHARE_OF_TIME: Final = 0.4
"""Of the time left, that may be spent here."""
_MAX_BYTES: Final = 2_000_000
"""Larger documents are left to scour, which is faster."""
_WAYS: Final = {
    "scour, svgo": passes.ALL,
    "scour, svgo, unmerged": passes.UNMERGED,
    "scour, svgo, shapes kept": passes.SHAPES_KEPT,
}
_MOVING: Final = {"animate", "animateColor", "animateMotion", "animateTransform", "set", "discard"}
_POINTED_AT: Final = {"symbol", "view"}
_MOVING_STYLE: Final = re.compile(r"@|\banimation\b|\btransition\b|\boffset-", re.IGNORECASE)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULES: Final = re.compile(r"(?:[^{}\"']*\{[^{}\"']*\})*\s*")
_RULE: Final = re.compile(r"([^{}]*)\{[^{}]*\}")
_CLASS: Final = re.compile(r"\s*\.([A-Za-z_][\w-]*)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Minified:
    """A smaller document."""

    data: bytes
    how: str
    digits: int
    """After the point; of scour, significant ones."""


def minified(
    document: bytes, limits: Limits, deadline: Deadline, tolerance: Tolerance
) -> Minified | None:
    """Return the smallest form found of a safe document; None where none looks the same."""
    search = _Search(
        document=document,
        limits=limits,
        look=Look(document, limits, tolerance),
        time=Deadline(deadline.left() * _SHARE_OF_TIME),
    )
    return search.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Search:
    """The search for the smallest form of one document."""

    document: bytes
    limits: Limits
    look: Look
    time: Deadline

    def run(self) -> Minified | None:
        """Return what the boldest way makes that leaves the look as it is."""
        root = safe_root(self.document, self.limits)
        selectors = _selectors(root)
        if selectors is None or _points_or_moves(root):
            return self._rewritten("gentle", self.document.decode(), passes.NAMES_KEPT)
        _drop_unused_rules(root)
        plain = written(root).decode()
        has_styles = bool(_styles(root))
        scoured = self._scoured(plain, _SCOUR_DIGITS, has_styles=has_styles)
        text = scoured.data.decode() if scoured else plain
        names_ids = "#" in selectors or "[" in selectors
        if len(self.document) <= _MAX_BYTES:
            for how, names in _WAYS.items():
                found = self._rewritten(how, text, names, names_ids=names_ids)
                if found:
                    return found
        return self._scoured(plain, _FEW_DIGITS, has_styles=has_styles) or scoured

    def _rewritten(
        self, how: str, text: str, names: tuple[str, ...], *, names_ids: bool = True
    ) -> Minified | None:
        """Return a document after passes of svgo, with as few digits as look the same."""

        def form(digits: int) -> Minified | None:
            made = self._passed(text, names, passes.Rounding(digits, names_ids))
            return self._proven(made, how, digits)

        least = max(1, math.ceil(math.log10(self.look.scale / 2 / _ERROR_DRAWN)))
        found = form(least)
        if found:
            fewer = form(least - 1) if least > 1 and len(text) <= _SMALL_BYTES else None
            return fewer if fewer and len(fewer.data) < len(found.data) else found
        most = form(_MOST_DIGITS)
        between = range(least + 1, _MOST_DIGITS) if most else ()
        return next(filter(None, map(form, between)), most)

    def _passed(self, text: str, names: tuple[str, ...], rounding: passes.Rounding) -> str | None:
        once = _tried(lambda: passes.rewrite(text, names, rounding, self.time))
        if once is None or len(once) > _SMALL_BYTES:
            return once
        return _tried(lambda: passes.rewrite(once, names, rounding, self.time)) or once

    def _scoured(self, text: str, digits: int, *, has_styles: bool) -> Minified | None:
        made = _tried(lambda: passes.scoured(text, digits, has_styles=has_styles))
        return self._proven(made, "scour", digits)

    def _proven(self, text: str | None, how: str, digits: int) -> Minified | None:
        """Return a form; None where it is missing, no smaller, unsafe, or looks different."""
        data = (text or "").encode()
        smaller = 0 < len(data) < len(self.document)
        if smaller and is_safe(data, self.limits) and self.look.same(data):
            return Minified(data=data, how=how, digits=digits)
        return None


def _tried(write: Callable[[], str]) -> str | None:
    """Return what a library makes; None where it stumbles or the time is up."""
    try:
        return write()
    except MemoryError:
        raise
    except Refused:
        return None
    except Exception:  # whatever a library stumbles over, a gentler way follows
        _logger.debug("an SVG library stumbled", exc_info=True)
        return None


def _points_or_moves(root: ET.Element) -> bool:
    """Return True where something in a document moves, or is there for other pages to use."""
    return any(
        name_of(element) in _MOVING
        or (name_of(element) in _POINTED_AT and "id" in element.attrib)
        or _MOVING_STYLE.search(element.get("style", ""))
        for element in root.iter()
    )


def _selectors(root: ET.Element) -> str | None:
    """Return the selectors of a document's style sheets; None where they have more than that.

    Rules of states and media (`:hover`, `@media`) are more: librsvg draws but one of them.
    """
    selectors = []
    for style in _styles(root):
        text = _COMMENT.sub("", style.text or "")
        if not _RULES.fullmatch(text) or _MOVING_STYLE.search(text):
            return None
        selectors += _RULE.findall(text)
    joined = ",".join(selectors)
    return None if ":" in joined else joined


def _drop_unused_rules(root: ET.Element) -> None:
    """Take out rules of classes that no element has."""
    used = {name for element in root.iter() for name in element.get("class", "").split()}

    def kept(rule: re.Match[str]) -> str:
        classes = [_CLASS.fullmatch(part) for part in rule.group(1).split(",")]
        unused = all(found and found.group(1) not in used for found in classes)
        return "" if unused else rule.group()

    for style in _styles(root):
        style.text = _RULE.sub(kept, _COMMENT.sub("", style.text or ""))


def _styles(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter() if name_of(element) == "style"]
