"""What clients call: the routes of both APIs, their headers, and the functions that serve them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Api(StrEnum):
    """The public APIs that Leanpix speaks; each is one module in ``leanpix.dialects``."""

    MEGAOPTIM = "megaoptim"
    TINYJPG = "tinyjpg"


class Access(StrEnum):
    """Who may call a route, and what a caller without a good key is told (RESOLUTIONS)."""

    PUBLIC = "public"
    """Anyone."""
    KEY = "key"
    """A key is needed. Missing: 465; unknown: 404. The authorizer denies."""
    KEY_CHECKED_BY_GATEWAY = "key_checked_by_gateway"
    """A key is needed. Missing: 465; unknown: 401. The authorizer lets the call pass, and API
    Gateway's own key check that follows refuses it."""
    KEY_ALL_401 = "key_all_401"
    """A key is needed. Missing or unknown: 401. Its authorizer has no identity source, so that it
    is asked even without a key, and lets the call pass to API Gateway's own key check."""


KEY_CHECKED_ACCESSES: Final = frozenset({Access.KEY_CHECKED_BY_GATEWAY, Access.KEY_ALL_401})
"""Where the authorizer leaves an unknown key to API Gateway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of the REST API and the function that serves it."""

    method: str
    path: str
    function: str
    access: Access
    requests_per_minute: int | None = None
    """The documented rate: per key where a key is needed, over all callers where none is."""


ROUTES: Final[tuple[Route, ...]] = (
    Route(method="GET", path="/", function="health", access=Access.PUBLIC),
    Route(
        method="GET",
        path="/status",
        function="health",
        access=Access.PUBLIC,
        requests_per_minute=300,
    ),
    Route(
        method="GET",
        path="/ping",
        function="health",
        access=Access.PUBLIC,
        requests_per_minute=300,
    ),
    Route(
        method="HEAD",
        path="/ping",
        function="health",
        access=Access.PUBLIC,
        requests_per_minute=300,
    ),
    *(
        Route(
            method="POST",
            path=path,
            function="submit",
            access=Access.KEY,
            requests_per_minute=120,
        )
        for path in ("/v1/optimize", "/v1/convert")
    ),
    *(
        Route(
            method="POST",
            path=f"{path}/{{process_id}}/result",
            function="result",
            access=Access.KEY,
            requests_per_minute=350,
        )
        for path in ("/v1/optimize", "/v1/convert")
    ),
    Route(
        method="POST",
        path="/v1/uploads",
        function="uploads",
        access=Access.KEY,
        requests_per_minute=120,
    ),
    Route(
        method="POST",
        path="/v1/users/info",
        function="account",
        access=Access.KEY_CHECKED_BY_GATEWAY,
        requests_per_minute=120,
    ),
    *(
        Route(
            method="POST",
            path=path,
            function="tinyjpg_submit",
            access=Access.KEY_ALL_401,
            requests_per_minute=120,
        )
        for path in ("/api/optimize", "/api/v1/optimize")
    ),
    *(
        Route(
            method="GET",
            path=f"{path}/{{image_id}}",
            function="tinyjpg_status",
            access=Access.KEY_ALL_401,
            requests_per_minute=350,
        )
        for path in ("/api/status", "/api/v1/status")
    ),
    *(
        Route(
            method="GET",
            path=path,
            function="tinyjpg_account",
            access=Access.KEY_ALL_401,
            requests_per_minute=120,
        )
        for path in ("/api/v1/usage", "/api/v1/stats")
    ),
    *(
        Route(method=method, path=path, function="image", access=Access.PUBLIC)
        for path in (
            "/image/{public_id}/{file_name}",
            "/direct-file/original/{name}",
            "/direct-file/optimized/{name}",
        )
        for method in ("GET", "HEAD")
    ),
    *(
        Route(method="GET", path=path, function="docs", access=Access.PUBLIC)
        for path in ("/openapi.json", "/docs")
    ),
)

API_KEY_HEADER: Final = "X-API-KEY"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
"""A client's own name for a submit: sent again, it is answered again and not charged again."""
MAX_IDEMPOTENCY_KEY_CHARACTERS: Final = 255
BROWSER_HEADERS: Final = ("Content-Type", API_KEY_HEADER, IDEMPOTENCY_HEADER)
"""What a page of another origin may send (Fetch standard, CORS protocol)."""
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""Of every answer, whoever makes it; pages and images have a policy of their own."""
IDEMPOTENCY_SECONDS: Final = 86_400
"""How long such a name is remembered."""


FUNCTIONS: Final[tuple[str, ...]] = (
    "health",
    "authorizer",
    "submit",
    "result",
    "image",
    "account",
    "uploads",
    "tinyjpg_submit",
    "tinyjpg_status",
    "tinyjpg_account",
    "docs",
    "optimizer",
    "dead_letters",
    "sweeper",
    "callbacks",
)
"""Every Lambda function; each is a folder in ``functions/`` with a ``handler.py``."""
