"""The routes of all APIs, their headers, and the functions that serve them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Api(StrEnum):
    """The public APIs that Leanpix speaks; each value names its package in `leanpix.dialects`."""

    MEGAOPTIM = "megaoptim"
    TINYJPG = "tinyjpg"
    TINIFY = "tinify"
    LEANPIX = "leanpix"
    """The routes that are in no vendor's document and describe the service itself."""


class Access(StrEnum):
    """Who may call a route, and how a caller without a good key is refused."""

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
    BASIC = "basic"
    """A key is needed, as the password of HTTP Basic (RFC 7617). Missing or unknown: 401. The
    authorizer lets the call pass, and the function itself refuses it."""
    BASIC_OPTIONAL = "basic_optional"
    """Anyone. The answer to a key as with `BASIC` has the account's count."""


BASIC_ACCESSES: Final = frozenset({Access.BASIC, Access.BASIC_OPTIONAL})
"""The accesses with which the key is the password of HTTP Basic."""
KEY_CHECKED_ACCESSES: Final = frozenset(
    {Access.KEY_CHECKED_BY_GATEWAY, Access.KEY_ALL_401, *BASIC_ACCESSES}
)
"""The accesses with which the authorizer leaves an unknown key to the check that follows."""


class MegaOptimPath:
    """The paths of MegaOptim's API. `/v1/uploads` is an addition of Leanpix."""

    HEALTH: Final = "/"
    STATUS: Final = "/status"
    PING: Final = "/ping"
    OPTIMIZE: Final = "/v1/optimize"
    CONVERT: Final = "/v1/convert"
    OPTIMIZE_RESULT: Final = "/v1/optimize/{process_id}/result"
    CONVERT_RESULT: Final = "/v1/convert/{process_id}/result"
    UPLOADS: Final = "/v1/uploads"
    ACCOUNT: Final = "/v1/users/info"
    IMAGE: Final = "/image/{public_id}/{file_name}"


class TinyJpgPath:
    """The paths of TinyJPG's API, and the aliases of two of them under `/api/v1`."""

    OPTIMIZE: Final = "/api/optimize"
    OPTIMIZE_V1: Final = "/api/v1/optimize"
    STATUS: Final = "/api/status/{image_id}"
    STATUS_V1: Final = "/api/v1/status/{image_id}"
    USAGE: Final = "/api/v1/usage"
    STATS: Final = "/api/v1/stats"
    ORIGINAL: Final = "/direct-file/original/{name}"
    OPTIMIZED: Final = "/direct-file/optimized/{name}"


class TinifyPath:
    """The paths of Tinify's API."""

    SHRINK: Final = "/shrink"
    OUTPUT: Final = "/output/{output_id}"
    KEY: Final = "/keys/{key}"


class LeanpixPath:
    """The paths of our own: what the console needs of an account, and the description."""

    JOBS: Final = "/v1/jobs"
    JOB: Final = "/v1/jobs/{job_id}"
    JOB_CALLBACK: Final = "/v1/jobs/{job_id}/callback"
    USAGE: Final = "/v1/usage"
    KEYS: Final = "/v1/keys"
    KEY: Final = "/v1/keys/{key_id}"
    OPENAPI: Final = "/openapi.json"
    DOCS: Final = "/docs"
    CONSOLE: Final = "/console"
    CONSOLE_FILE: Final = "/console/{file_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of the REST API and the function that serves it."""

    api: Api
    method: str
    path: str
    function: str
    access: Access
    requests_per_minute: int | None = None
    """The documented rate: per key where a key is needed, over all callers where none is."""


def _routes(
    api: Api,
    function: str,
    access: Access,
    *paths: str,
    methods: tuple[str, ...],
    requests_per_minute: int | None = None,
) -> tuple[Route, ...]:
    """Return the routes of one function, of every path with every method."""
    return tuple(
        Route(
            api=api,
            method=method,
            path=path,
            function=function,
            access=access,
            requests_per_minute=requests_per_minute,
        )
        for path in paths
        for method in methods
    )


_GET: Final = ("GET",)
_POST: Final = ("POST",)
_GET_AND_HEAD: Final = ("GET", "HEAD")

ROUTES: Final[tuple[Route, ...]] = (
    *_routes(Api.MEGAOPTIM, "health", Access.PUBLIC, MegaOptimPath.HEALTH, methods=_GET),
    *_routes(
        Api.MEGAOPTIM,
        "health",
        Access.PUBLIC,
        MegaOptimPath.STATUS,
        methods=_GET,
        requests_per_minute=300,
    ),
    *_routes(
        Api.MEGAOPTIM,
        "health",
        Access.PUBLIC,
        MegaOptimPath.PING,
        methods=_GET_AND_HEAD,
        requests_per_minute=300,
    ),
    *_routes(
        Api.MEGAOPTIM,
        "submit",
        Access.KEY,
        MegaOptimPath.OPTIMIZE,
        MegaOptimPath.CONVERT,
        methods=_POST,
        requests_per_minute=120,
    ),
    *_routes(
        Api.MEGAOPTIM,
        "result",
        Access.KEY,
        MegaOptimPath.OPTIMIZE_RESULT,
        MegaOptimPath.CONVERT_RESULT,
        methods=_POST,
        requests_per_minute=350,
    ),
    *_routes(
        Api.MEGAOPTIM,
        "uploads",
        Access.KEY,
        MegaOptimPath.UPLOADS,
        methods=_POST,
        requests_per_minute=120,
    ),
    *_routes(
        Api.MEGAOPTIM,
        "account",
        Access.KEY_CHECKED_BY_GATEWAY,
        MegaOptimPath.ACCOUNT,
        methods=_POST,
        requests_per_minute=120,
    ),
    *_routes(
        Api.TINYJPG,
        "tinyjpg_submit",
        Access.KEY_ALL_401,
        TinyJpgPath.OPTIMIZE,
        TinyJpgPath.OPTIMIZE_V1,
        methods=_POST,
        requests_per_minute=120,
    ),
    *_routes(
        Api.TINYJPG,
        "tinyjpg_status",
        Access.KEY_ALL_401,
        TinyJpgPath.STATUS,
        TinyJpgPath.STATUS_V1,
        methods=_GET,
        requests_per_minute=350,
    ),
    *_routes(
        Api.TINYJPG,
        "tinyjpg_account",
        Access.KEY_ALL_401,
        TinyJpgPath.USAGE,
        TinyJpgPath.STATS,
        methods=_GET,
        requests_per_minute=120,
    ),
    *_routes(Api.TINIFY, "tinify_shrink", Access.BASIC, TinifyPath.SHRINK, methods=_POST),
    *_routes(Api.TINIFY, "tinify_output", Access.BASIC, TinifyPath.OUTPUT, methods=_POST),
    *_routes(
        Api.TINIFY,
        "tinify_output",
        Access.BASIC_OPTIONAL,
        TinifyPath.OUTPUT,
        methods=_GET_AND_HEAD,
    ),
    *_routes(Api.TINIFY, "tinify_account", Access.PUBLIC, TinifyPath.KEY, methods=_GET_AND_HEAD),
    *_routes(Api.MEGAOPTIM, "image", Access.PUBLIC, MegaOptimPath.IMAGE, methods=_GET_AND_HEAD),
    *_routes(
        Api.TINYJPG,
        "image",
        Access.PUBLIC,
        TinyJpgPath.ORIGINAL,
        TinyJpgPath.OPTIMIZED,
        methods=_GET_AND_HEAD,
    ),
    *_routes(
        Api.LEANPIX,
        "jobs",
        Access.KEY,
        LeanpixPath.JOBS,
        LeanpixPath.JOB,
        methods=_GET,
        requests_per_minute=120,
    ),
    *_routes(
        Api.LEANPIX,
        "jobs",
        Access.KEY,
        LeanpixPath.JOB_CALLBACK,
        methods=_POST,
        requests_per_minute=30,
    ),
    *_routes(
        Api.LEANPIX,
        "usage",
        Access.KEY,
        LeanpixPath.USAGE,
        methods=_GET,
        requests_per_minute=120,
    ),
    *_routes(
        Api.LEANPIX,
        "keys",
        Access.KEY,
        LeanpixPath.KEYS,
        methods=("GET", "POST"),
        requests_per_minute=30,
    ),
    *_routes(
        Api.LEANPIX,
        "keys",
        Access.KEY,
        LeanpixPath.KEY,
        methods=("DELETE",),
        requests_per_minute=30,
    ),
    *_routes(
        Api.LEANPIX,
        "docs",
        Access.PUBLIC,
        LeanpixPath.OPENAPI,
        LeanpixPath.DOCS,
        LeanpixPath.CONSOLE,
        LeanpixPath.CONSOLE_FILE,
        methods=_GET,
    ),
)


LINK_HEADER: Final = "X-Leanpix-Link"
"""The header in which CloudFront hands on the link to a file that S3 does not have."""
FILE_ORIGIN_PATHS: Final = ("/results/{proxy+}", "/uploads/{proxy+}")
"""The paths at which CloudFront then asks the API: those of the objects in S3. A behaviour has one
path for all of its origins ("Optimize high availability with CloudFront origin failover")."""
_FILE_FUNCTION: Final = "image"


def find_link(link: str) -> tuple[str, dict[str, str]] | None:
    """Return the path of the contract that a link to a file has, and its parameters."""
    parts = link.split("/")
    for path in dict.fromkeys(r.path for r in ROUTES if r.function == _FILE_FUNCTION):
        names = path.split("/")
        if len(names) != len(parts):
            continue
        parameters = {
            name[1:-1]: part
            for name, part in zip(names, parts, strict=True)
            if name.startswith("{")
        }
        if path.format(**parameters) == link and all(parameters.values()):
            return path, parameters
    return None


def find_route(method: str, path: str) -> Route | None:
    """Return the route of a method and a path as the contract has it, or None."""
    return _BY_CALL.get((method, path))


def routes_of(path: str) -> tuple[Route, ...]:
    """Return the routes of a path, one for each of its methods."""
    return tuple(route for route in ROUTES if route.path == path)


_BY_CALL: Final = {(route.method, route.path): route for route in ROUTES}

FUNCTIONS: Final[tuple[str, ...]] = (
    *dict.fromkeys(route.function for route in ROUTES),
    "authorizer",
    "optimizer",
    "dead_letters",
    "sweeper",
    "callbacks",
)
"""Every Lambda function; each is a folder in `functions/` with a `handler.py`."""

API_KEY_HEADER: Final = "X-API-KEY"
IDEMPOTENCY_HEADER: Final = "Idempotency-Key"
"""A client's own name for a submit: sent again, it is answered again and not charged again."""
IDEMPOTENCY_SECONDS: Final = 86_400
"""For how long such a name is remembered."""
MAX_IDEMPOTENCY_KEY_CHARACTERS: Final = 255
_PREFLIGHT_CACHE_SECONDS: Final = 86_400
BROWSER_HEADERS: Final = ("Content-Type", "Authorization", API_KEY_HEADER, IDEMPOTENCY_HEADER)
"""The headers that a page of another origin may send (Fetch standard, CORS protocol)."""
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""The headers of every answer, whoever makes it; pages and images have a policy of their own."""
FILE_SECURITY_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The policy of a file that is handed out. An SVG opened by itself is a document: it may neither
run nor load anything."""


def preflight_headers(methods: Iterable[str]) -> dict[str, str]:
    """Return the headers that let a browser's page of any origin call a path's methods."""
    return {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": ",".join(sorted({*methods, "OPTIONS"})),
        "Access-Control-Allow-Headers": ",".join(BROWSER_HEADERS),
        "Access-Control-Max-Age": str(_PREFLIGHT_CACHE_SECONDS),
    }
