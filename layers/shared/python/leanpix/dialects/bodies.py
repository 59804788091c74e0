"""Make response bodies and error texts, the same way in every API.

Bodies are plain dataclasses: pydantic took a quarter of the time that a function needs to start,
to check what mypy has checked already (docs/sizing.md). `leanpix.openapi` reads them too.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, dataclass_transform

from leanpix.http import Response, json_response

if TYPE_CHECKING:
    from leanpix.contract import ErrorEntry
    from leanpix.domain.errors import LeanpixError


def described(text: str, *, default: Any = MISSING) -> Any:
    """Return a field with a text for the API's description."""
    return field(default=default, metadata={"description": text})


@dataclass_transform(
    eq_default=False, kw_only_default=True, frozen_default=True, field_specifiers=(described,)
)
class Body:
    """A JSON object. Its subclasses are frozen dataclasses.

    A field whose default is None is left out where its value is None. Every other field is always
    sent, as null where its value is None.
    """

    def __init_subclass__(cls) -> None:
        """Make the dataclass, with the used methods only: each takes time to make."""
        dataclass(frozen=True, kw_only=True, eq=False, repr=False, match_args=False)(cls)


def body_fields(body: type[Body]) -> tuple[Field[Any], ...]:
    """Return the fields of a body, in the order in which they are sent."""
    return fields(body)  # type: ignore[arg-type]  # __init_subclass__ makes it a dataclass


def render(body: Body, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response that carries the body."""
    return json_response(_to_json(body), status=status, headers=headers)


def fill_text(entry: ErrorEntry, error: LeanpixError, *, site_url: str) -> str:
    """Return the text of an error with its placeholders filled."""
    return entry.text.format(site=site_url, **error.facts)


def error_headers(entry: ErrorEntry, error: LeanpixError) -> dict[str, str]:
    """Return the headers of an error: when to try again, and which methods a path has.

    RFC 9110 §10.2.3 and §10.2.1.
    """
    headers = {}
    if entry.retry_after_seconds is not None:
        headers["Retry-After"] = str(entry.retry_after_seconds)
    if "methods" in error.facts:
        headers["Allow"] = str(error.facts["methods"])
    return headers


def _to_json(value: Any) -> Any:
    if isinstance(value, Body):
        return {
            one.name: _to_json(found)
            for one in body_fields(type(value))
            if (found := getattr(value, one.name)) is not None or one.default is not None
        }
    if isinstance(value, list):
        return [_to_json(each) for each in value]
    return value
