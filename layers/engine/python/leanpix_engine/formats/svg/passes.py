"""Rewrite SVG documents by scour and by the passes of svgo, as svgo-py has them in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import svgo.visit
from scour import scour

from leanpix_engine.limits import Deadline


def _visit(node: Any, visitor: Mapping[str, Any], parent: Any = None) -> None:
    """Walk a tree as `svgo.visit.visit` does, which takes quadratic time on many siblings."""
    _visit_child(node, visitor, parent, None)


def _visit_child(node: Any, visitor: Mapping[str, Any], parent: Any, siblings: Any) -> None:
    """Visit a node that stood among `siblings` when the visit of its parent began.

    A pass that takes a node out gives its parent a new list of children.
    """
    calls = visitor.get(node.type) or {}
    enter, leave = calls.get("enter"), calls.get("exit")
    count = len(siblings) if siblings is not None else 0
    if enter and enter(node, parent) is svgo.visit.VISIT_SKIP:
        return
    if node.type == "root" or (
        node.type == "element"
        and ((parent.children is siblings and len(siblings) == count) or node in parent.children)
    ):
        children = node.children
        for child in children:
            _visit_child(child, visitor, node, children)
    if leave:
        leave(node, parent)


# Before the passes are loaded, which import it by its name.
vars(svgo.visit)["visit"] = _visit

from svgo import css  # noqa: E402 - the passes take the walk from above
from svgo.builtin import get_plugin  # noqa: E402 - see above
from svgo.parser import parse_svg  # noqa: E402 - see above
from svgo.stringifier import stringify_svg  # noqa: E402 - see above

_PARSER: Final = "_cssselect_parse"
# It is asked for the same few selectors once for every element.
vars(css)[_PARSER] = lru_cache(256)(vars(css)[_PARSER])

METADATA: Final = (
    "removeComments",
    "removeDeprecatedAttrs",
    "removeMetadata",
    "removeEditorsNSData",
    "cleanupAttrs",
)
_STYLES: Final = ("mergeStyles", "inlineStyles", "minifyStyles")
_CLEANING: Final = (
    "cleanupIds",
    "removeUselessDefs",
    "cleanupNumericValues",
    "convertColors",
    "removeUnknownsAndDefaults",
    "removeNonInheritableGroupAttrs",
    "removeUselessStrokeAndFill",
    "cleanupEnableBackground",
    "removeHiddenElems",
    "removeEmptyText",
)
_SHAPES: Final = (
    "convertShapeToPath",
    "convertEllipseToCircle",
    "moveElemsAttrsToGroup",
    "moveGroupAttrsToElems",
    "collapseGroups",
)
_ENDING: Final = (
    "removeEmptyAttrs",
    "removeEmptyContainers",
    "mergePaths",
    "removeUnusedNS",
    "sortAttrs",
    "sortDefsChildren",
    "removeDesc",
)
ALL: Final = (
    *METADATA,
    *_STYLES,
    *_CLEANING,
    *_SHAPES,
    "convertPathData",
    "convertTransform",
    *_ENDING,
)
"""The passes of svgo's own preset, in its order."""
UNMERGED: Final = tuple(name for name in ALL if name != "mergePaths")
"""All but the one that draws paths over each other as one: their edges blend differently."""
SHAPES_KEPT: Final = tuple(
    name
    for name in ALL
    if name
    not in {
        *_SHAPES,
        *_STYLES,
        "removeHiddenElems",
        "removeUselessStrokeAndFill",
        "mergePaths",
        "convertTransform",
    }
)
"""Those that leave every element, its style and its place alone."""
NAMES_KEPT: Final = (
    *METADATA,
    "cleanupNumericValues",
    "convertColors",
    "convertPathData",
    "removeUnusedNS",
    "sortAttrs",
)
"""Those that leave alone what animations, style sheets of states, or other pages may point at."""
_ROUNDING: Final = {
    "cleanupNumericValues",
    "convertShapeToPath",
    "convertPathData",
    "convertTransform",
    "mergePaths",
}
_ALWAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Screen readers go by them.
    "removeUnknownsAndDefaults": {"keepRoleAttr": True, "keepAriaAttrs": True},
}
_IN_PLACE: Final = {"applyTransforms": False, "removeUseless": False, "collapseRepeated": False}
"""How path data is shortened where a transform or a stroke may change later."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far numbers are rounded, and whether ids may change that a style sheet could name."""

    digits: int
    """After the point."""
    names_ids: bool = True
    """The style sheets have selectors of ids."""


def rewrite(document: str, names: tuple[str, ...], rounding: Rounding, deadline: Deadline) -> str:
    """Return a document after passes of svgo.

    Raises:
        Refused: the time is up.
    """
    tree = parse_svg(document)
    for name in names:
        deadline.check()
        plugin = get_plugin(name)
        if plugin is None:
            raise LookupError(name)
        visitor = plugin["fn"](tree, _settings(name, names, rounding), {"multipassCount": 0})
        if visitor is not None:
            _visit(tree, visitor)
    return str(stringify_svg(tree))


def scoured(document: str, digits: int, *, has_styles: bool) -> str:
    """Return a document after scour, which above all merges equal gradients and attributes."""
    options = scour.sanitizeOptions()
    options.digits = options.cdigits = digits
    options.remove_metadata = True
    options.remove_descriptive_elements = False
    options.strip_comments = True
    options.strip_xml_prolog = True
    options.strip_xml_space_attribute = False
    options.group_create = True
    # A style sheet is stronger than an attribute, and weaker than a style.
    options.style_to_xml = not has_styles
    options.embed_rasters = False
    options.indent_type = "none"
    options.newlines = False
    options.keep_editor_data = False
    options.renderer_workaround = True
    options.quiet = True
    return str(scour.scourString(document, options)).strip()


def _settings(name: str, names: tuple[str, ...], rounding: Rounding) -> dict[str, Any]:
    settings = dict(_ALWAYS.get(name, {}))
    if name in _ROUNDING:
        settings["floatPrecision"] = rounding.digits
    if name == "convertPathData" and "convertTransform" not in names:
        settings |= _IN_PLACE
    if name == "cleanupIds":
        settings["force"] = not rounding.names_ids
    return settings
