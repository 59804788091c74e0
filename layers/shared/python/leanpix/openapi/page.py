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

from leanpix.contract import API_KEY_HEADER, REASONS
from leanpix.dialects.operations import IMAGE_TYPE, Task
from leanpix.http import JSON_TYPE, Response
from leanpix.openapi.specification import build_specification

_FOLDER: Final = Path(__file__).parent
_EXAMPLE_FILE: Final = "@/path/to/image.jpg"
_FORM: Final = "multipart/form-data"
_FIRST_ERROR: Final = "400"
_SCRIPTS: Final = {
    "curl": "curl.txt",
    "Python": "python.txt",
    "PHP": "php.txt",
    "Node": "node.txt",
}
_SCRIPT_BASE_URL: Final = "https://api.example.com"
"""The base URL in the scripts, in place of that of the deployed stack."""

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
        scripts="\n".join(_scripts(base_url)),
        contents="\n".join(_contents(specification)),
        sections="\n".join(_sections(specification, base_url)),
        reasons="".join(_reasons()),
        errors="".join(_errors(specification)),
    )


def _operations(specification: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in specification["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _scripts(base_url: str) -> Iterator[str]:
    """Show the whole script in each language, the first one open."""
    for place, (title, name) in enumerate(_SCRIPTS.items()):
        text = (_FOLDER / "scripts" / name).read_text("utf-8")
        opened = " open" if place == 0 else ""
        code = escape(text.replace(_SCRIPT_BASE_URL, base_url))
        yield f"<details{opened}><summary>{title}</summary><pre>{code}</pre></details>"


def _contents(specification: Mapping[str, Any]) -> Iterator[str]:
    for task in Task:
        yield f"<li>{escape(task)}<ul>"
        for method, path, operation in _operations(specification):
            if operation["x-task"] == task:
                link = escape(operation["operationId"])
                yield f'<li><a href="#{link}"><code>{method} {escape(path)}</code></a></li>'
        yield "</ul></li>"
    yield '<li><a href="#reasons">Reasons</a></li><li><a href="#errors">Errors</a></li>'


def _sections(specification: Mapping[str, Any], base_url: str) -> Iterator[str]:
    for task in Task:
        yield f"<h2>{escape(task)}</h2>"
        for method, path, operation in _operations(specification):
            if operation["x-task"] == task:
                yield from _operation(method, path, operation, base_url)


def _reasons() -> Iterator[str]:
    rows = ((name, entry.meaning, entry.what_to_do) for name, entry in REASONS.items())
    yield from _table(("Reason", "Meaning", "What to do"), rows)


def _errors(specification: Mapping[str, Any]) -> Iterator[str]:
    """List every error text once, with its status and the APIs that send it."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for _, _, operation in _operations(specification):
        for status, answer in operation["responses"].items():
            for text in _error_texts(status, answer):
                found.setdefault((status, text), {})[operation["tags"][0]] = None
    rows = (
        (status, text, ", ".join(apis))
        for (status, text), apis in sorted(found.items(), key=lambda row: row[0])
    )
    yield from _table(("Status", "Text", "Sent by"), rows)


def _error_texts(status: str, answer: Mapping[str, Any]) -> Iterator[str]:
    if status >= _FIRST_ERROR:
        content = answer.get("content", {}).get(JSON_TYPE, {})
        for example in content.get("examples", {}).values():
            value = example["value"]
            yield value["errors"][0] if "errors" in value else value["message"]


def _operation(
    method: str, path: str, operation: Mapping[str, Any], base_url: str
) -> Iterator[str]:
    yield f'<section id="{escape(operation["operationId"])}">'
    yield f"<h3><b>{method}</b> <code>{escape(path)}</code></h3>"
    yield f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}"
    needs_key = operation["security"] and {} not in operation["security"]
    key = "Needs a key." if needs_key else "Needs no key."
    yield f" {key} <small>{escape(operation['tags'][0])}</small></p>"
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
    """Return the ways to fill in the body of a request; of a form, multipart has all."""
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return []
    if _FORM not in content:
        return [("JSON", content[JSON_TYPE]["schema"])]
    schema = content[_FORM]["schema"]
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
    if {"basic": []} in operation["security"]:
        lines.append("--user api:your_api_key")
    elif operation["security"]:
        lines.append(f'-H "{API_KEY_HEADER}: your_api_key"')
    content = operation.get("requestBody", {}).get("content", {})
    if IMAGE_TYPE in content:
        lines.append(f'--data-binary "{_EXAMPLE_FILE}"')
    elif forms and _FORM not in content:
        lines += [
            f'-H "Content-Type: {JSON_TYPE}"',
            f"-d '{json.dumps(content[JSON_TYPE]['example'])}'",
        ]
    elif forms:
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
    """Show an example of each success, and list the statuses of errors."""
    errors: list[str] = []
    for status, answer in responses.items():
        content = answer.get("content", {}).get(JSON_TYPE, {})
        if status < _FIRST_ERROR:
            yield f"<h4>{escape(status)} <small>{escape(answer['description'])}</small></h4>"
            if "example" in content:
                text = json.dumps(content["example"], indent=2, ensure_ascii=False)
                yield f"<pre>{escape(text)}</pre>"
            continue
        errors.append(f"{status} {answer['description']}")
    yield f'<p><a href="#errors">Errors</a>: {escape(", ".join(errors))}.</p>'


def _table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    body = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    if body:
        titles = "".join(f"<th>{escape(title)}</th>" for title in head)
        yield f"<table><thead><tr>{titles}</tr></thead><tbody>{''.join(body)}</tbody></table>"
