"""Build the OpenAPI 3.1 description of every route of the contract."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from leanpix.contract import (
    API_KEY_HEADER,
    APP_VERSION,
    BASIC_ACCESSES,
    IDEMPOTENCY_HEADER,
    MAX_IDEMPOTENCY_KEY_CHARACTERS,
    ROUTES,
    Access,
    Api,
    ErrorName,
    Route,
)
from leanpix.dialects.dialect import find_description, find_dialect
from leanpix.dialects.fields import Field, Kind
from leanpix.dialects.operations import (
    ACCESS_ERRORS,
    SERVER_ERRORS,
    Answer,
    Description,
    Operation,
)
from leanpix.domain.ids import JOB_ID_LIMIT
from leanpix.http import JSON_TYPE, Response, json_response
from leanpix.openapi.schemas import (
    Schema,
    describe_bodies,
    describe_field,
    describe_form,
    describe_variants,
    reference_to,
)

DESCRIPTIONS: Final[Mapping[Api, Description]] = {api: find_description(api) for api in Api}

_SECURITY: Final = "apiKey"
_BASIC: Final = "basic"
_MULTIPART: Final = "multipart/form-data"
_URLENCODED: Final = "application/x-www-form-urlencoded"
_OWN_STATUS_TEXTS: Final = {
    # RFC 9110's names; before Python 3.13 the standard library has RFC 7231's.
    413: "Content Too Large",
    422: "Unprocessable Content",
    465: "Missing API Key",
    466: "Insufficient Tokens",
}
_FACTS: Final = {
    "wait_seconds": "80",
    "kind": _MULTIPART,
    "why": "the store answered with status 403",
}
"""The values of the placeholders in examples of error texts."""


class UndescribedRouteError(Exception):
    """A route of the contract has no description."""

    def __init__(self, route: Route) -> None:
        """Name the route."""
        super().__init__(f"{route.api.value} does not describe {route.method} {route.path}")


def render_specification(*, base_url: str, site_url: str) -> Response:
    """Return the description as JSON."""
    return json_response(
        _built(base_url, site_url), headers={"Cache-Control": "public, max-age=300"}
    )


@cache
def _built(base_url: str, site_url: str) -> dict[str, Any]:
    return build_specification(base_url=base_url, site_url=site_url)


def build_specification(*, base_url: str, site_url: str) -> dict[str, Any]:
    """Return the description as an object."""
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in ROUTES:
        writer = _Writer(route.api, site_url)
        paths[route.path][route.method.lower()] = writer.write(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leanpix",
            "version": APP_VERSION,
            "summary": "Image optimization by three public APIs.",
            "description": "Make images smaller at the same visual quality. The APIs of three"
            " vendors are spoken to the letter, with the same accounts, keys, tokens and jobs.",
        },
        "servers": [{"url": base_url}],
        "tags": [
            {"name": description.title, "description": description.text}
            for description in DESCRIPTIONS.values()
        ],
        "paths": dict(paths),
        "components": {
            "securitySchemes": {
                _SECURITY: {"type": "apiKey", "in": "header", "name": API_KEY_HEADER},
                _BASIC: {
                    "type": "http",
                    "scheme": "basic",
                    "description": "Any user name; the key is the password.",
                },
            },
            "schemas": {
                name: schema
                for description in DESCRIPTIONS.values()
                for name, schema in describe_bodies(
                    _bodies(description), prefix=description.schema_prefix
                ).items()
            },
        },
    }


def _bodies(description: Description) -> list[Any]:
    used = {
        answer.body: None
        for operation in description.operations.values()
        for answer in operation.answers
        if answer.body
    }
    return [*used, description.error_body]


class _Writer:
    """A writer of operations in the words of one API."""

    def __init__(self, api: Api, site_url: str) -> None:
        self._description = DESCRIPTIONS[api]
        self._prefix = self._description.schema_prefix
        self._job_parameter = find_dialect(api).job_parameter
        self._site_url = site_url

    def write(self, route: Route) -> dict[str, Any]:
        """Return the operation of a route.

        Raises:
            UndescribedRouteError: the API has no operation for the route.
        """
        operation = self._description.find(route)
        if operation is None:
            raise UndescribedRouteError(route)
        written: dict[str, Any] = {
            "operationId": operation.name,
            "tags": [self._description.title],
            "x-task": operation.task.value,
            "summary": operation.summary,
            "description": _tell(route, operation),
            "security": _security(route.access),
            "parameters": list(_parameters(operation, self._job_parameter)),
            "responses": {
                **{str(answer.status): self._answer(answer) for answer in operation.answers},
                **self._errors(route, operation),
            },
        }
        body = _request_body(operation)
        if body:
            written["requestBody"] = body
        return {name: value for name, value in written.items() if value not in ("", [])} | {
            "security": written["security"]
        }

    def _answer(self, answer: Answer) -> dict[str, Any]:
        written: dict[str, Any] = {"description": answer.text}
        if answer.headers:
            written["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in answer.headers.items()
            }
        if answer.body:
            content: dict[str, Any] = {"schema": reference_to(answer.body, prefix=self._prefix)}
            if answer.example is not None:
                content["example"] = answer.example
            written["content"] = {JSON_TYPE: content}
        elif answer.media_type:
            written["content"] = {answer.media_type: {"schema": {}}}
        return written

    def _errors(self, route: Route, operation: Operation) -> dict[str, Any]:
        by_status: dict[int, list[ErrorName]] = defaultdict(list)
        for name in _errors_of(route, operation):
            by_status[self._description.errors[name].status].append(name)
        return {
            str(status): self._error(names, has_body=route.method != "HEAD")
            for status, names in sorted(by_status.items())
        }

    def _error(self, names: Iterable[ErrorName], *, has_body: bool) -> dict[str, Any]:
        entries = {name: self._description.errors[name] for name in names}
        first = next(iter(entries.values()))
        written: dict[str, Any] = {"description": _status_text(first.status)}
        if all(entry.retry_after_seconds is not None for entry in entries.values()):
            written["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
            }
        if has_body:
            written["content"] = {
                JSON_TYPE: {
                    "schema": reference_to(self._description.error_body, prefix=self._prefix),
                    "examples": {
                        name.value: {
                            "value": self._description.error_example(
                                entry, entry.text.format(site=self._site_url, **_FACTS)
                            )
                        }
                        for name, entry in entries.items()
                    },
                }
            }
        return written


def _security(access: Access) -> list[dict[str, list[str]]]:
    if access is Access.PUBLIC:
        return []
    if access in BASIC_ACCESSES:
        basic: dict[str, list[str]] = {_BASIC: []}
        return [basic] if access is Access.BASIC else [{}, basic]
    return [{_SECURITY: []}]


def _errors_of(route: Route, operation: Operation) -> Iterator[ErrorName]:
    yield from operation.errors
    yield from ACCESS_ERRORS[route.access]
    has_plan = route.access not in {Access.PUBLIC, *BASIC_ACCESSES}
    if route.requests_per_minute is not None or has_plan:
        yield ErrorName.TOO_MANY_REQUESTS
    yield from SERVER_ERRORS


def _status_text(status: int) -> str:
    return _OWN_STATUS_TEXTS.get(status) or HTTPStatus(status).phrase


def _tell(route: Route, operation: Operation) -> str:
    rate = route.requests_per_minute
    limit = f"At most {rate} requests a minute." if rate is not None else ""
    return " ".join(text for text in (operation.text, limit) if text)


def _parameters(operation: Operation, job_parameter: str | None) -> Iterator[dict[str, Any]]:
    for name, text in operation.path_parameters.items():
        number: Schema = {"type": "integer", "minimum": 1, "maximum": JOB_ID_LIMIT - 1}
        schema: Schema = number if name == job_parameter else {"type": "string"}
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": schema,
        }
    for field in operation.query:
        schema = describe_field(field)
        yield {
            "name": field.name,
            "in": "query",
            "description": schema.pop("description"),
            "schema": schema,
        }
    if operation.may_be_repeated:
        yield {
            "name": IDEMPOTENCY_HEADER,
            "in": "header",
            "description": "Your own name for this request. The same request under the same name"
            " within a day gets the same answer and is charged once.",
            "schema": {
                "type": "string",
                "maxLength": MAX_IDEMPOTENCY_KEY_CHARACTERS,
                "pattern": "^[ -~]*$",
            },
        }


def _request_body(operation: Operation) -> dict[str, Any]:
    if operation.variants:
        plain = [variant for variant in operation.variants if not _has_file(variant.fields)]
        schemas = {
            _MULTIPART: describe_variants(operation.variants),
            _URLENCODED: describe_variants(plain),
            JSON_TYPE: describe_variants(plain),
        }
    elif operation.form:
        schema = describe_form(operation.form)
        kinds = (_MULTIPART, _URLENCODED, JSON_TYPE)
        schemas = dict.fromkeys(kinds[:1] if _has_file(operation.form) else kinds, schema)
    elif operation.content:
        return {"required": False, "content": dict(operation.content)}
    else:
        return {}
    is_required = bool(operation.variants) or any(field.is_required for field in operation.form)
    return {
        "required": is_required,
        "content": {kind: {"schema": schema} for kind, schema in schemas.items()},
    }


def _has_file(fields: Iterable[Field]) -> bool:
    return any(field.kind is Kind.FILE for field in fields)
