"""Render the description as one page of HTML that runs no script and loads nothing."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Final

from leanpix.contract import API_KEY_HEADER
from leanpix.http import JSON_TYPE, Response
from leanpix.openapi.specification import build_specification

_FOLDER: Final = Path(__file__).parent
_EXAMPLE_FILE: Final = "@/path/to/image.jpg"
_FIRST_ERROR: Final = "400"

Row = tuple[str, ...]


def render_page(*, base_url: str, site_url: str) -> Response:
    """Return the page."""
    style = _style()
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )
    return Response(
        status=200,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
            "Cache-Control": "public, max-age=300",
        },
        body=_page(base_url, site_url).encode(),
    )


@cache
def _style() -> str:
    return (_FOLDER / "page.css").read_text("utf-8")


@cache
def _page(base_url: str, site_url: str) -> str:
    specification = build_specification(base_url=base_url, site_url=site_url)
    template = Template((_FOLDER / "page.html").read_text("utf-8"))
    return template.substitute(
        style=_style(),
        version=escape(specification["info"]["version"]),
        description=escape(specification["info"]["description"]),
        base_url=escape(base_url),
        key_header=API_KEY_HEADER,
        contents="\n".join(_contents(specification)),
        sections="\n".join(_sections(specification, base_url)),
    )


def _operations(specification: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _contents(specification: Mapping[str, Any]) -> Iterator[str]:
    for tag in specification["tags"]:
        yield f"<li>{escape(tag['name'])}<ul>"
        for method, path, operation in _operations(specification):
            if tag["name"] in operation["tags"]:
                link = escape(operation["operationId"])
                yield f'<li><a href="#{link}"><code>{method} {escape(path)}</code></a></li>'
        yield "</ul></li>"


def _sections(specification: Mapping[str, Any], base_url: str) -> Iterator[str]:
    for tag in specification["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        for method, path, operation in _operations(specification):
            if tag["name"] in operation["tags"]:
                yield from _operation(method, path, operation, base_url)


def _operation(
    method: str, path: str, operation: Mapping[str, Any], base_url: str
) -> Iterator[str]:
    yield f'<section id="{escape(operation["operationId"])}">'
    yield f"<h3><b>{method}</b> <code>{escape(path)}</code></h3>"
    yield f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}"
    yield f" {'Needs a key.' if operation['security'] else 'Needs no key.'}</p>"
    yield from _table(
        ("Parameter", "In", "Type", "Meaning"),
        (_parameter_row(parameter) for parameter in operation.get("parameters", ())),
    )
    forms = _forms(operation)
    for title, rows in _form_tables(forms):
        yield f"<h4>{escape(title)}</h4>"
        yield from _table(("Field", "Required", "Type", "Meaning"), rows)
    yield f"<pre>{escape(_curl(method, path, operation, forms, base_url))}</pre>"
    yield from _answers(operation["responses"])
    yield "</section>"


def _forms(operation: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the ways to fill in the form of a request, all of which multipart has."""
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return []
    schema = content["multipart/form-data"]["schema"]
    return [(way["title"], way) for way in schema.get("oneOf", ())] or [("Form", schema)]


def _parameter_row(parameter: Mapping[str, Any]) -> Row:
    schema = parameter["schema"]
    return (
        parameter["name"],
        parameter["in"],
        _tell_type(schema),
        _tell_meaning(parameter["description"], schema),
    )


def _form_tables(forms: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, list[Row]]]:
    """Return the fields of each way, then those that all ways share."""
    ways = [set(schema["properties"]) for _, schema in forms]
    shared = set.intersection(*ways) - {"type"} if len(ways) > 1 else set()
    for title, schema in forms:
        yield title, list(_field_rows(schema, without=shared))
    if shared:
        _, schema = forms[0]
        own = set(schema["properties"]) - shared
        yield "Fields of every type", list(_field_rows(schema, without=own))


def _field_rows(schema: Mapping[str, Any], *, without: set[str]) -> Iterator[Row]:
    for name, field in schema["properties"].items():
        if name not in without:
            yield (
                name,
                "yes" if name in schema.get("required", ()) else "",
                _tell_type(field),
                _tell_meaning(field.get("description", ""), field),
            )


def _tell_type(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("format") == "binary":
        return "file"
    if "minimum" in schema:
        return f"{schema['minimum']} to {schema['maximum']}"
    return str(schema.get("format") or schema["type"])


def _tell_meaning(text: str, schema: Mapping[str, Any]) -> str:
    return f"{text} Default: {schema['default']}." if "default" in schema else text


def _curl(
    method: str,
    path: str,
    operation: Mapping[str, Any],
    forms: list[tuple[str, dict[str, Any]]],
    base_url: str,
) -> str:
    verb = "--head" if method == "HEAD" else f"-X {method}"
    lines = [f'curl {verb} "{base_url}{path}"']
    if operation["security"]:
        lines.append(f'-H "{API_KEY_HEADER}: your_api_key"')
    if forms:
        _, schema = forms[0]
        lines += [
            f'-F "{name}={_example_value(schema["properties"][name])}"'
            for name in schema.get("required", ())
        ]
    return " \\\n  ".join(lines)


def _example_value(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary":
        return _EXAMPLE_FILE
    return str(schema.get("const") or [*schema.get("examples", ()), *schema.get("enum", ("",))][0])


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    """Show an example of each success, and list the errors."""
    errors: list[Row] = []
    for status, answer in responses.items():
        content = answer.get("content", {}).get(JSON_TYPE, {})
        if status < _FIRST_ERROR:
            yield f"<h4>{escape(status)} <small>{escape(answer['description'])}</small></h4>"
            if "example" in content:
                text = json.dumps(content["example"], indent=2, ensure_ascii=False)
                yield f"<pre>{escape(text)}</pre>"
            continue
        examples = [one["value"] for one in content.get("examples", {}).values()]
        texts = [one["errors"][0] if "errors" in one else one["message"] for one in examples]
        errors.append((status, answer["description"], " / ".join(texts)))
    yield "<h4>Errors</h4>"
    yield from _table(("Status", "Meaning", "Text"), errors)


def _table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    body = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    if body:
        titles = "".join(f"<th>{escape(title)}</th>" for title in head)
        yield f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(body)}</tbody></table>"
