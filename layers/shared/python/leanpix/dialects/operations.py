"""What each route takes and answers, as data for the API's description.

Only ``leanpix.openapi`` imports this: a function that serves a route needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from leanpix.contract import Access, ErrorEntry, ErrorName, Route
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
    """Of an answer that is no JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Name and meaning of those worth knowing."""
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route does; the contract has its method, its rate and who may call it."""

    name: str
    """Unique; what a generated client calls its method."""
    summary: str
    answers: tuple[Answer, ...]
    text: str = ""
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    """What each stands for; those of ``INTEGER_PARAMETERS`` are numbers."""
    query: tuple[Field, ...] = ()
    form: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] = ()
    """The ways to fill in a form whose ``type`` says which of them it is."""
    may_be_repeated: bool = False
    """An ``Idempotency-Key`` makes it safe to send again."""
    errors: tuple[ErrorName, ...] = ()
    """Those of its own, besides what holds for every route of its access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One public API: its routes, and how it tells errors."""

    title: str
    text: str
    operations: Mapping[str, Operation]
    """By the route's path, and by ``METHOD path`` where methods differ."""
    errors: Mapping[ErrorName, ErrorEntry]
    error_body: type[Body]
    error_example: Any
    """Called with an entry and its text: the body that a client reads."""

    def find(self, route: Route) -> Operation | None:
        """Return what a route does, where it is one of this API's."""
        return self.operations.get(f"{route.method} {route.path}", self.operations.get(route.path))


INTEGER_PARAMETERS: Final = frozenset({"process_id", "image_id"})

ACCESS_ERRORS: Final[Mapping[Access, tuple[ErrorName, ...]]] = {
    Access.PUBLIC: (),
    Access.KEY: (ErrorName.MISSING_API_KEY, ErrorName.INVALID_API_KEY),
    Access.KEY_CHECKED_BY_GATEWAY: (
        ErrorName.MISSING_API_KEY,
        ErrorName.INVALID_API_KEY_ON_ACCOUNT,
    ),
    Access.KEY_ALL_401: (ErrorName.INVALID_API_KEY_ON_ACCOUNT,),
}
"""What a caller without a good key is told."""

BODY_ERRORS: Final = (
    ErrorName.INVALID_REQUEST,
    ErrorName.UNREADABLE_BODY,
    ErrorName.TOO_LARGE,
)
"""Of a route that reads a body."""

SERVER_ERRORS: Final = (
    ErrorName.INTERNAL,
    ErrorName.BAD_GATEWAY,
    ErrorName.GATEWAY_TIMEOUT,
)
"""Of every route, for faults of ours."""
