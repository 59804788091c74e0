"""JSON Schema (2020-12) of what goes in and out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from leanpix.dialects.bodies import Body
from leanpix.dialects.fields import Field, Kind, Variant

Schema = dict[str, Any]

_REFERENCE: Final = "#/components/schemas/"


def reference_to(body: type[Body], *, prefix: str) -> Schema:
    """Return a reference to a body's schema among the components."""
    return {"$ref": f"{_REFERENCE}{prefix}{body.__name__}"}


def describe_bodies(bodies: Sequence[type[Body]], *, prefix: str) -> dict[str, Schema]:
    """Return the schemas of bodies, and of what they hold, each under its prefixed name.

    Two APIs may both have an ``Error``; the prefix tells them apart.
    """
    _, schema = models_json_schema(
        [(body, "serialization") for body in bodies],
        ref_template=f"{_REFERENCE}{prefix}{{model}}",
    )
    found: dict[str, Schema] = schema.get("$defs", {})
    models = {model.__name__: model for body in bodies for model in _with_parts(body)}
    return {
        f"{prefix}{name}": _as_sent(definition, models[name]) for name, definition in found.items()
    }


def describe_form(fields: Iterable[Field]) -> Schema:
    """Return the schema of a form. Fields that are not in it are ignored, so they may be there."""
    chosen = list(fields)
    schema: Schema = {
        "type": "object",
        "properties": {field.name: describe_field(field) for field in chosen},
    }
    required = [field.name for field in chosen if field.is_required]
    return {**schema, "required": required} if required else schema


def describe_variants(variants: Iterable[Variant]) -> Schema:
    """Return the schema of a form whose ``type`` says which of the variants it is."""
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
            return {"type": "string", "format": "uri", "pattern": "^https?://"}
        case Kind.FILE:
            return {"type": "string", "format": "binary"}
        case Kind.TEXT:
            return {"type": "string", **({"minLength": 1} if field.is_required else {})}


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


def _with_parts(body: type[Body]) -> Iterable[type[Body]]:
    """Return a body and every body inside it."""
    yield body
    pending = [field.annotation for field in body.model_fields.values()]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, Body):
            yield from _with_parts(annotation)
        pending.extend(getattr(annotation, "__args__", ()))


def _as_sent(definition: Schema, model: type[Body]) -> Schema:
    """Return a schema in which a field is optional only where it is left out, and never null then.

    Pydantic takes every field that has a default for optional, though it is always sent.
    """
    properties = definition["properties"]
    left_out = {name for name, field in model.model_fields.items() if field.exclude_if is not None}
    for name in left_out:
        options = [kind for kind in properties[name].pop("anyOf") if kind != {"type": "null"}]
        properties[name].pop("default", None)
        properties[name].update(options[0] if len(options) == 1 else {"anyOf": options})
    required = [name for name in properties if name not in left_out]
    return {**definition, "required": required}
