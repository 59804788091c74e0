"""Write the JSON Schemas (2020-12) of requests and responses."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from leanpix.dialects.bodies import Body, body_fields
from leanpix.dialects.fields import Field, Kind, Variant

Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_TYPES: Final[dict[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}


def reference_to(body: type[Body], *, prefix: str) -> Schema:
    """Return a reference to a body's schema among the components."""
    return {"$ref": f"{_REFERENCE}{prefix}{body.__name__}"}


def describe_bodies(bodies: Sequence[type[Body]], *, prefix: str) -> dict[str, Schema]:
    """Return the schemas of bodies and of their parts, each under its prefixed name."""
    found = {part.__name__: part for body in bodies for part in _with_parts(body)}
    return {f"{prefix}{name}": _describe_body(found[name], prefix) for name in sorted(found)}


def describe_form(fields: Iterable[Field]) -> Schema:
    """Return the schema of a form; unknown fields are allowed, since they are ignored."""
    chosen = list(fields)
    schema: Schema = {
        "type": "object",
        "properties": {field.name: describe_field(field) for field in chosen},
    }
    required = [field.name for field in chosen if field.is_required]
    return {**schema, "required": required} if required else schema


def describe_variants(variants: Iterable[Variant]) -> Schema:
    """Return the schema of a form whose `type` tells its variants apart."""
    return {"oneOf": [_describe_variant(variant) for variant in variants]}


def describe_field(field: Field) -> Schema:
    """Return the schema of one field."""
    schema: Schema = {**_describe_kind(field), "description": field.text}
    if field.default is not None:
        schema["default"] = int(field.default) if _is_number(field) else field.default
    if field.example is not None:
        schema["examples"] = [int(field.example) if _is_number(field) else field.example]
    return schema


def _describe_kind(field: Field) -> Schema:
    match field.kind:
        case Kind.FLAG:
            return {"type": "integer", "enum": [0, 1]}
        case Kind.WHOLE:
            return {"type": "integer", "minimum": field.minimum, "maximum": field.maximum}
        case Kind.CHOICE:
            return {"type": "string", "enum": list(field.choices)}
        case Kind.URL:
            return {
                "type": "string",
                "format": "uri",
                "pattern": "^https?://",
                "maxLength": field.max_characters,
            }
        case Kind.FILE:
            return {"type": "string", "format": "binary"}
        case Kind.TEXT:
            least = {"minLength": 1} if field.is_required else {}
            return {"type": "string", "maxLength": field.max_characters, **least}


def _is_number(field: Field) -> bool:
    return field.kind in {Kind.FLAG, Kind.WHOLE}


def _describe_variant(variant: Variant) -> Schema:
    form = describe_form(variant.fields)
    return {
        **form,
        "title": f"type={variant.name}",
        "properties": {"type": {"const": variant.name}, **form["properties"]},
        "required": ["type", *form.get("required", [])],
    }


def _with_parts(body: type[Body]) -> Iterator[type[Body]]:
    """Yield a body and every body inside it."""
    yield body
    pending = list(get_type_hints(body).values())
    while pending:
        kind = pending.pop()
        if isinstance(kind, type) and issubclass(kind, Body):
            yield from _with_parts(kind)
        pending.extend(get_args(kind))


def _describe_body(body: type[Body], prefix: str) -> Schema:
    """Return the schema of a body; a field that may be left out is never null."""
    kinds = get_type_hints(body)
    properties: dict[str, Schema] = {}
    required = []
    for field in body_fields(body):
        is_left_out = field.default is None
        kind = kinds[field.name]
        properties[field.name] = {
            **_describe_type(kind, prefix, may_be_null=not is_left_out),
            **field.metadata,
        }
        if not is_left_out:
            required.append(field.name)
    return {
        "type": "object",
        "title": body.__name__,
        "description": inspect.getdoc(body),
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _describe_type(kind: Any, prefix: str, *, may_be_null: bool = True) -> Schema:
    """Return the schema of a value, for the types that bodies use."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        options = [
            _describe_type(each, prefix)
            for each in arguments
            if may_be_null or each is not NoneType
        ]
        return options[0] if len(options) == 1 else {"anyOf": options}
    if origin is Literal:
        return _describe_literal(arguments)
    if origin is list:
        return {"type": "array", "items": _describe_type(arguments[0], prefix)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _describe_type(arguments[1], prefix)}
    if kind is object:
        return {}
    return {"type": _TYPES[kind]} if kind in _TYPES else reference_to(kind, prefix=prefix)


def _describe_literal(values: tuple[Any, ...]) -> Schema:
    schema: Schema = {"type": _TYPES[type(values[0])]}
    return {**schema, **({"const": values[0]} if len(values) == 1 else {"enum": list(values)})}
