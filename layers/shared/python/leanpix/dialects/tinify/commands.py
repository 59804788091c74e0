"""Read what a request wants of an output: resize, convert, transform, preserve, store."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from leanpix.contract import MAX_DIMENSION_PIXELS, MAX_FIELD_BYTES, ErrorName
from leanpix.dialects.tinify.destinations import read_destination
from leanpix.dialects.tinify.requests import RESEND_SECONDS, read_object, refuse
from leanpix.domain.errors import LeanpixError
from leanpix.domain.options import Crop, CropMethod, ImageOptions, Operation
from leanpix.domain.submission import Remake

if TYPE_CHECKING:
    from leanpix.domain.destinations import Destination
    from leanpix.http import Request

ANY_TYPE: Final = "*/*"
TYPES: Final = {
    "image/webp": "webp",
    "image/jpeg": "jpg",
    "image/jpg": "jpg",
    "image/png": "png",
    "image/avif": "avif",
}
"""The types that an image can be converted to, with their names in the contract."""
ANY_FORMATS: Final = ("jpg", "png", "webp")
"""The formats behind `*/*`: "currently JPEG, PNG and WebP" (the SDKs' comments)."""
METADATA: Final = ("copyright", "creation", "location")
_COLOURS: Final = {"white": "#ffffff", "black": "#000000"}
_MAX_BODY_BYTES: Final = 16 * MAX_FIELD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The wishes of one request."""

    remake: Remake | None = None
    """Set where another result is wanted than the one that there is."""
    destination: Destination | None = None
    """Set where the result goes to a store of the caller's."""


def has_commands(request: Request) -> bool:
    """Return whether a request has commands: some clients send them with GET."""
    return request.method == "POST" or bool(request.body.strip())


def parse_commands(request: Request) -> Commands:
    """Return the commands in the body of a request; their order means nothing.

    Raises:
        LeanpixError: `TOO_LARGE`.
        RefusedError: the body is no JSON object, or a command is not valid.
    """
    if len(request.body) > _MAX_BODY_BYTES:
        raise LeanpixError(ErrorName.TOO_LARGE)
    values = read_object(request.body) if request.body.strip() else {}
    wanted = {name: values.get(name) for name in ("resize", "convert", "transform", "preserve")}
    return Commands(
        remake=_to_remake(request, wanted) if any(map(_is_sent, wanted.values())) else None,
        destination=read_destination(values["store"]) if _is_sent(values.get("store")) else None,
    )


def _is_sent(value: object) -> bool:
    return value is not None


def _to_remake(request: Request, wanted: dict[str, Any]) -> Remake:
    resize, convert = wanted["resize"], wanted["convert"]
    options = ImageOptions(
        **(_read_resize(resize) if _is_sent(resize) else {}),
        **(_read_convert(convert) if _is_sent(convert) else {}),
        background=_read_background(wanted["transform"]),
        keep=_read_preserve(wanted["preserve"]),
    )
    text = json.dumps(wanted, sort_keys=True)
    name = hashlib.sha256(f"{request.path_parameters['output_id']} {text}".encode()).hexdigest()
    return Remake(
        operation=Operation.CONVERT if _is_sent(convert) else Operation.COMPRESS,
        options=options,
        is_free=not (_is_sent(resize) or _is_sent(convert)),
        idempotency_key=f"output {name}",
        idempotency_seconds=RESEND_SECONDS,
    )


def _read_resize(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        refuse("resize must be an object")
    method = value.get("method") or "scale"
    width, height = (_read_side(value, name) for name in ("width", "height"))
    if method == "scale":
        if (width is None) is (height is None):
            refuse("Resize method 'scale' takes either a width or a height")
        return {"max_width": width, "max_height": height}
    if method == "fit":
        if width is None and height is None:
            refuse("Resize method 'fit' takes a width and a height")
        return {"max_width": width, "max_height": height}
    if method not in list(CropMethod):
        refuse("Resize method must be one of scale, fit, cover, thumb")
    if width is None or height is None:
        refuse(f"Resize method '{method}' takes a width and a height")
    return {"crop": Crop(method=CropMethod(method), width=width, height=height)}


def _read_side(value: dict[str, Any], name: str) -> int | None:
    side = value.get(name)
    if side is None:
        return None
    if isinstance(side, bool) or not isinstance(side, int | float) or side != side // 1:
        refuse(f"{name} must be an integer")
    if side < 1:
        refuse(f"{name} must be greater than 0")
    # Nothing is enlarged, so that no larger number means anything else.
    return int(min(side, MAX_DIMENSION_PIXELS))


def _read_convert(value: object) -> dict[str, Any]:
    kinds = value.get("type") if isinstance(value, dict) else None
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(kinds, list) or not kinds:
        refuse("convert must have a type, or a list of types")
    formats: list[str] = []
    for kind in kinds:
        if kind == ANY_TYPE:
            formats += ANY_FORMATS
        elif isinstance(kind, str) and kind.lower() in TYPES:
            formats.append(TYPES[kind.lower()])
        else:
            refuse(f"Type '{kind}' not supported"[:200])
    unique = tuple(dict.fromkeys(formats))
    if len(unique) == 1:
        return {"target_format": unique[0], "always_convert": True}
    return {"smallest_of": unique, "always_convert": True}


def _read_background(value: object) -> tuple[int, int, int] | None:
    if not _is_sent(value):
        return None
    if not isinstance(value, dict):
        refuse("transform must be an object")
    colour = value.get("background")
    if colour is None:
        return None
    text = _COLOURS.get(colour, colour) if isinstance(colour, str) else ""
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        refuse("background must be white, black or a hexadecimal colour such as #00ff00")
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def _read_preserve(value: object) -> tuple[str, ...]:
    if not _is_sent(value):
        return ()
    kinds = [value] if isinstance(value, str) else value
    if not isinstance(kinds, list):
        refuse("preserve must be a list")
    for kind in kinds:
        if kind not in METADATA:
            refuse(f"Metadata key '{kind}' not supported"[:200])
    return tuple(kind for kind in METADATA if kind in kinds)
