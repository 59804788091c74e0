"""What the response bodies of all APIs have in common."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from leanpix.http import Response, json_response

_Value = TypeVar("_Value")

LeftOutIfNone = Annotated[_Value | None, Field(exclude_if=lambda value: value is None)]
"""A field that is not sent where there is nothing to tell, rather than sent as null."""


class Body(BaseModel):
    """A JSON object."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def render(body: Body, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a response that carries the body."""
    return json_response(body.model_dump(mode="json"), status=status, headers=headers)
