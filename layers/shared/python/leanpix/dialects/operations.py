"""Describe what a route takes and answers, as data for the API's description.

Only `leanpix.openapi` imports this: a function that serves a route needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from leanpix.contract import PRESIGNED_URL_SECONDS, Access, ErrorEntry, ErrorName, Route
from leanpix.dialects.bodies import Body
from leanpix.dialects.fields import Field, Variant

IMAGE_TYPE: Final = "image/*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One way in which a route succeeds."""

    status: int
    text: str
    body: type[Body] | None = None
    media_type: str | None = None
    """The media type of an answer that is no JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers worth knowing, with their meanings."""
    example: Any = None


class Task(StrEnum):
    """The tasks of a client, in the order of the page for people."""

    SUBMIT = "Submit images"
    RESULT = "Get results"
    DOWNLOAD = "Download files"
    JOBS = "Look at jobs"
    ACCOUNT = "Read the account"
    SERVICE = "Check and describe the service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """The description of a route; the contract has its method, its rate and its access."""

    name: str
    """A unique name, which generated clients give to their method."""
    task: Task
    summary: str
    answers: tuple[Answer, ...]
    text: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """The parameters in the path, with their meanings."""
    query: tuple[Field, ...] = ()
    form: tuple[Field, ...] = ()
    content: Mapping[str, Any] = field(default_factory=dict)
    """A body that is no form: OpenAPI's Media Type Objects by their types."""
    variants: tuple[Variant, ...] = ()
    """The ways to fill in a form whose `type` tells them apart."""
    may_be_repeated: bool = False
    """Whether an `Idempotency-Key` makes it safe to send again."""
    errors: tuple[ErrorName, ...] = ()
    """The errors of this route, besides those of every route with its access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One public API: its routes and its errors."""

    schema_prefix: str
    """Begins the names of its schemas, since two APIs may both have an `Error`."""
    title: str
    text: str
    operations: Mapping[str, Operation]
    """The operations by path, and by `METHOD path` where methods differ."""
    errors: Mapping[ErrorName, ErrorEntry]
    error_body: type[Body]
    error_example: Any
    """A function of an entry and its text that returns the body of the error."""

    def find(self, route: Route) -> Operation | None:
        """Return the operation of a route, or None where this API has no such route."""
        return self.operations.get(f"{route.method} {route.path}", self.operations.get(route.path))


ACCESS_ERRORS: Final[Mapping[Access, tuple[ErrorName, ...]]] = {
    Access.PUBLIC: (),
    Access.KEY: (ErrorName.MISSING_API_KEY, ErrorName.INVALID_API_KEY),
    Access.KEY_CHECKED_BY_GATEWAY: (
        ErrorName.MISSING_API_KEY,
        ErrorName.INVALID_API_KEY_ON_ACCOUNT,
    ),
    Access.KEY_ALL_401: (ErrorName.INVALID_API_KEY_ON_ACCOUNT,),
    Access.BASIC: (ErrorName.INVALID_API_KEY_ON_ACCOUNT,),
    Access.BASIC_OPTIONAL: (),
}
"""The errors that a caller without a good key gets."""

BODY_ERRORS: Final = (
    ErrorName.INVALID_REQUEST,
    ErrorName.UNREADABLE_BODY,
    ErrorName.TOO_LARGE,
)
"""The errors of every route that reads a body."""

SERVER_ERRORS: Final = (
    ErrorName.INTERNAL,
    ErrorName.BAD_GATEWAY,
    ErrorName.GATEWAY_TIMEOUT,
)
"""The errors of every route, for faults of the service."""

_FILE_HEADERS: Final = {
    "ETag": "Identifies the file's content. Send it in If-None-Match to skip the transfer.",
    "Cache-Control": "For how long the file is kept.",
    "Accept-Ranges": "bytes: parts of the file can be asked for.",
}
DOWNLOAD_ANSWERS: Final = (
    Answer(status=200, text="The file.", media_type=IMAGE_TYPE, headers=_FILE_HEADERS),
    Answer(
        status=206,
        text="The part of the file that Range asked for.",
        media_type=IMAGE_TYPE,
        headers={**_FILE_HEADERS, "Content-Range": "The place of the part in the file."},
    ),
    Answer(
        status=302,
        text="The file is too large for this answer; get it from Location.",
        headers={"Location": f"Valid for {PRESIGNED_URL_SECONDS // 60} minutes."},
    ),
    Answer(
        status=304, text="The file is the one that If-None-Match names.", headers=_FILE_HEADERS
    ),
)
"""The answers of the routes that hand files out, the same in every API."""
