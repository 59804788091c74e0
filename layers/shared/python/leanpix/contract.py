"""The contract as data: routes, limits, plans, error texts, names. Standard library only.

Infrastructure, handlers, command line, documents and tests all read it here, so that a route,
a rate, a limit or a text is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

APP_VERSION: Final = "0.1.0"

# --------------------------------------------------------------------------- routes


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

# --------------------------------------------------------------------------- functions

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

# --------------------------------------------------------------------------- limits

MAX_IMAGES_PER_JOB: Final = 5
MAX_INLINE_BYTES: Final = 4_500_000
"""Of a request's body. Lambda takes 6 MB, in which a binary body stands as base64."""
MAX_INLINE_RESPONSE_BYTES: Final = 4_400_000
"""Of an image that a function returns itself; a larger one is a redirect to S3. Same 6 MB."""
MAX_SOURCE_BYTES: Final = 100_000_000
"""Of an image fetched from a URL, or uploaded to S3 directly."""
UPLOAD_URL_SECONDS: Final = 900
"""How long a direct upload may be begun."""
MAX_FILE_NAME_BYTES: Final = 180
MAX_URL_CHARACTERS: Final = 2_048
MAX_DIMENSION_PIXELS: Final = 65_535
"""The largest ``max_width`` and ``max_height`` that make sense: JPEG's own limit."""

MIN_WAIT_SECONDS: Final = 30
MAX_WAIT_SECONDS: Final = 120
DEFAULT_WAIT_SECONDS: Final = 80
INTEGRATION_MARGIN_SECONDS: Final = 2
"""By how much a held poll answers before API Gateway would give up on it."""

MIN_SAVED_PERCENT: Final = 1
"""A result less than that much smaller than its source is no savings; a deploy setting."""

RETENTION_DAYS: Final = 7
PRESIGNED_URL_SECONDS: Final = 900
AUTHORIZER_CACHE_SECONDS: Final = 60
MAX_RECEIVES: Final = 5
"""Tries that SQS gives a message before it goes to the dead-letter queue. At least five, says the
AWS Lambda guide ("Using Lambda with Amazon SQS"): some find the last worker's lease still on."""
MAX_ATTEMPTS: Final = 9
"""Claims of an image before the sweeper gives up on it, whatever its messages do."""
MAX_OPEN_SECONDS: Final = 43_200
"""For which an image may wait or be worked on. It ends before its record can expire."""
UNUSED_UPLOAD_SECONDS: Final = 86_400
"""After which an upload that no job uses is deleted."""
SWEEP_MINUTES: Final = 1
"""Between one run of the sweeper and the next."""

# --------------------------------------------------------------------------- plans

UNLIMITED_TOKENS: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an account may use. Each plan has a usage plan of its own in API Gateway."""

    name: str
    monthly_tokens: int


PLANS: Final[Mapping[str, Plan]] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            Plan(name="free", monthly_tokens=500),
            Plan(name="pro", monthly_tokens=10_000),
            Plan(name="unlimited", monthly_tokens=UNLIMITED_TOKENS),
        )
    }
)
DEFAULT_PLAN: Final = "free"

# --------------------------------------------------------------------------- errors


class ErrorName(StrEnum):
    """Every error that a client can be told."""

    INVALID_REQUEST = "invalid_request"
    UNREADABLE_BODY = "unreadable_body"
    MISSING_API_KEY = "missing_api_key"
    INVALID_API_KEY = "invalid_api_key"
    INVALID_API_KEY_ON_ACCOUNT = "invalid_api_key_on_account"
    NOT_YOUR_JOB = "not_your_job"
    JOB_NOT_FOUND = "job_not_found"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_NOT_READY = "image_not_ready"
    ROUTE_NOT_FOUND = "route_not_found"
    NO_TOKENS = "no_tokens"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TOO_LARGE = "too_large"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    FORBIDDEN = "forbidden"
    OPTIMIZATION_FAILED = "optimization_failed"
    INTERNAL = "internal"
    BAD_GATEWAY = "bad_gateway"
    WAIT_TIMED_OUT = "wait_timed_out"
    GATEWAY_TIMEOUT = "gateway_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """The status of an error and what the client reads; ``{site}`` is the configured site URL."""

    status: int
    text: str
    retry_after_seconds: int | None = None


ERRORS: Final[Mapping[ErrorName, ErrorEntry]] = MappingProxyType(
    {
        ErrorName.INVALID_REQUEST: ErrorEntry(status=400, text="The request is not valid."),
        ErrorName.UNREADABLE_BODY: ErrorEntry(
            status=400, text="The request body could not be read as {kind}."
        ),
        ErrorName.MISSING_API_KEY: ErrorEntry(
            status=465,
            text="Missing API key. Make sure you copy the correct API key from {site}/dashboard"
            " or if you do not have one, sign up at {site}",
        ),
        ErrorName.INVALID_API_KEY: ErrorEntry(
            status=404,
            text="Invalid API key. You can always signup on our site {site} and choose your plan.",
        ),
        ErrorName.INVALID_API_KEY_ON_ACCOUNT: ErrorEntry(
            status=401,
            text="Your API Key is invalid. Make sure you use the correct API key obtained from"
            " {site}/",
        ),
        ErrorName.NOT_YOUR_JOB: ErrorEntry(
            status=401,
            text="Access denied. This optimization request does not belong to your account.",
        ),
        ErrorName.JOB_NOT_FOUND: ErrorEntry(status=404, text="Job not found."),
        ErrorName.IMAGE_NOT_FOUND: ErrorEntry(status=404, text="Image not found."),
        ErrorName.IMAGE_NOT_READY: ErrorEntry(
            status=404, text="Image not found. It may not be ready yet.", retry_after_seconds=2
        ),
        ErrorName.ROUTE_NOT_FOUND: ErrorEntry(status=404, text="Not found."),
        ErrorName.NO_TOKENS: ErrorEntry(
            status=466,
            text="No tokens left. Please top up your account at {site}/dashboard in order to"
            " continue.",
        ),
        ErrorName.IDEMPOTENCY_CONFLICT: ErrorEntry(
            status=409,
            text=f"This {IDEMPOTENCY_HEADER} was used for another request within the last day.",
        ),
        ErrorName.TOO_LARGE: ErrorEntry(
            status=413,
            text=f"The request is too large. A request can carry {MAX_INLINE_BYTES:,} bytes."
            f" For an image of up to {MAX_SOURCE_BYTES:,} bytes, call POST /v1/uploads and submit"
            " it with type=upload, or submit it by its URL.",
        ),
        ErrorName.TOO_MANY_REQUESTS: ErrorEntry(
            status=429,
            text="Too many requests. Please slow down and try again.",
            retry_after_seconds=1,
        ),
        ErrorName.UNSUPPORTED_MEDIA_TYPE: ErrorEntry(
            status=415, text="The content type of the request is not supported."
        ),
        ErrorName.FORBIDDEN: ErrorEntry(status=403, text="Forbidden."),
        ErrorName.OPTIMIZATION_FAILED: ErrorEntry(
            status=500,
            text="Optimization failure. Possible internal server error. Please contact support"
            " for more information.",
        ),
        ErrorName.INTERNAL: ErrorEntry(status=500, text="Internal server error."),
        ErrorName.BAD_GATEWAY: ErrorEntry(status=502, text="Internal server error."),
        ErrorName.WAIT_TIMED_OUT: ErrorEntry(
            status=504,
            text="Request timeout! The max timeout of {wait_seconds} seconds was reached.",
        ),
        ErrorName.GATEWAY_TIMEOUT: ErrorEntry(
            status=504, text="The request took too long. Please try again."
        ),
    }
)

TINYJPG_ERRORS: Final[Mapping[ErrorName, ErrorEntry]] = MappingProxyType(
    {
        **ERRORS,
        ErrorName.INVALID_REQUEST: ErrorEntry(status=422, text="Validation failed"),
        ErrorName.INVALID_API_KEY: ErrorEntry(status=401, text="Invalid API key."),
        ErrorName.INVALID_API_KEY_ON_ACCOUNT: ErrorEntry(status=401, text="Invalid API key."),
        ErrorName.NO_TOKENS: ErrorEntry(
            status=403,
            text="Plan limit exceeded. Upgrade your plan or wait until your quota resets.",
        ),
        ErrorName.NOT_YOUR_JOB: ErrorEntry(status=404, text="Image not found."),
        ErrorName.JOB_NOT_FOUND: ErrorEntry(status=404, text="Image not found."),
    }
)
"""The same errors in TinyJPG's words and codes."""

GATEWAY_RESPONSES: Final[Mapping[str, ErrorName]] = MappingProxyType(
    {
        "ACCESS_DENIED": ErrorName.INVALID_API_KEY,
        "API_CONFIGURATION_ERROR": ErrorName.INTERNAL,
        "AUTHORIZER_CONFIGURATION_ERROR": ErrorName.INTERNAL,
        "AUTHORIZER_FAILURE": ErrorName.INTERNAL,
        "BAD_REQUEST_BODY": ErrorName.INVALID_REQUEST,
        "BAD_REQUEST_PARAMETERS": ErrorName.INVALID_REQUEST,
        "DEFAULT_5XX": ErrorName.INTERNAL,
        "INTEGRATION_FAILURE": ErrorName.BAD_GATEWAY,
        "INTEGRATION_TIMEOUT": ErrorName.GATEWAY_TIMEOUT,
        "INVALID_API_KEY": ErrorName.INVALID_API_KEY_ON_ACCOUNT,
        "INVALID_SIGNATURE": ErrorName.FORBIDDEN,
        "EXPIRED_TOKEN": ErrorName.FORBIDDEN,
        "MISSING_AUTHENTICATION_TOKEN": ErrorName.ROUTE_NOT_FOUND,
        "QUOTA_EXCEEDED": ErrorName.TOO_MANY_REQUESTS,
        "REQUEST_TOO_LARGE": ErrorName.TOO_LARGE,
        "RESOURCE_NOT_FOUND": ErrorName.ROUTE_NOT_FOUND,
        "THROTTLED": ErrorName.TOO_MANY_REQUESTS,
        "UNAUTHORIZED": ErrorName.MISSING_API_KEY,
        "UNSUPPORTED_MEDIA_TYPE": ErrorName.UNSUPPORTED_MEDIA_TYPE,
        "WAF_FILTERED": ErrorName.FORBIDDEN,
    }
)
"""What API Gateway answers by itself: gateway response type -> our error."""


def render_gateway_body(error: ErrorName, *, site_url: str) -> dict[str, object]:
    """Return the body for an error that API Gateway makes, readable by both APIs' clients."""
    entry = ERRORS[error]
    text = entry.text.format(site=site_url)
    return {
        "status": "error",
        "code": entry.status,
        "errors": [text],
        "success": False,
        "message": text,
    }


# --------------------------------------------------------------------------- environment


class EnvironmentName(StrEnum):
    """Environment variables by which infrastructure tells the functions what they need."""

    BASE_URL = "LEANPIX_BASE_URL"
    """Under which clients reach the API, without a slash at the end."""
    SITE_URL = "LEANPIX_SITE_URL"
    """The operator's site, named in error texts."""
    JOBS_TABLE = "LEANPIX_JOBS_TABLE"
    KEYS_TABLE = "LEANPIX_KEYS_TABLE"
    ACCOUNTS_TABLE = "LEANPIX_ACCOUNTS_TABLE"
    BUCKET = "LEANPIX_BUCKET"
    IMAGES_QUEUE_URL = "LEANPIX_IMAGES_QUEUE_URL"
    CALLBACKS_QUEUE_URL = "LEANPIX_CALLBACKS_QUEUE_URL"
    CALLBACKS_DEAD_LETTER_QUEUE_URL = "LEANPIX_CALLBACKS_DEAD_LETTER_QUEUE_URL"
    INTEGRATION_TIMEOUT_SECONDS = "LEANPIX_INTEGRATION_TIMEOUT_SECONDS"
    RETENTION_DAYS = "LEANPIX_RETENTION_DAYS"
    MIN_SAVED_PERCENT = "LEANPIX_MIN_SAVED_PERCENT"
    FETCH_ALLOW_LOOPBACK = "LEANPIX_FETCH_ALLOW_LOOPBACK"
    """For the local cloud only: lets the fetcher reach 127.0.0.1. No template has it."""


# --------------------------------------------------------------------------- metrics


class MetricName(StrEnum):
    """What the functions count beside what AWS counts by itself; docs/operations.md says why."""

    IMAGE_SECONDS = "ImageSeconds"
    """An ended image's time in the optimizer, by format and level; as many as images."""
    BYTES_SAVED = "BytesSaved"
    """By format and level."""
    IMAGES_KEPT = "ImagesKept"
    """Images that were not made smaller, by reason."""
    IMAGES_FAILED = "ImagesFailed"
    """Images that ended for a fault of ours, by reason."""
    QUEUE_SECONDS = "QueueSeconds"
    """How long a message waited, by the function that took it."""
    INTERNAL_ERRORS = "InternalErrors"
    """Requests and messages that ended in an exception nobody expected."""
    WAITS_TIMED_OUT = "WaitsTimedOut"
    """Held polls whose time was up: a 504, and no error."""
    SWEEPER_FINDS = "SweeperFinds"
    """Records that the sweeper had to send again, give up or announce."""
    LEDGER_ANOMALIES = "LedgerAnomalies"
    """Where tokens and images may not agree."""
    CALLBACKS = "Callbacks"
    """Tries to call back, by where the callback stood after it."""


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's metrics in CloudWatch."""
    return f"Leanpix/{stage}"


CORRELATION_ATTRIBUTE: Final = "correlation_id"
"""Attribute of every message: the id of the request that it goes back to."""

# --------------------------------------------------------------------------- storage

KEYS_BY_ACCOUNT_INDEX: Final = "by_account"
"""Global secondary index of the keys table: partition key ``account_id``."""
OPEN_RECORDS_INDEX: Final = "open_records"
"""Global secondary index of the jobs table, of what has not ended: partition key ``open_shard``,
sort key ``due_at``. Sparse: a record leaves it as it ends."""
OPEN_SHARDS: Final = 16
"""Over which open records are spread, so that no partition of the index is hot."""
TTL_ATTRIBUTE: Final = "expires_at"
"""Epoch seconds; in the jobs table."""
UPLOADS_PREFIX: Final = "uploads/"
RESULTS_PREFIX: Final = "results/"
"""Key prefixes in the bucket; both expire after the retention."""


class OutputName(StrEnum):
    """Outputs of the deployed stack, which the command line reads."""

    BASE_URL = "BaseUrl"
    REST_API_ID = "RestApiId"
    JOBS_TABLE = "JobsTable"
    KEYS_TABLE = "KeysTable"
    ACCOUNTS_TABLE = "AccountsTable"
    BUCKET = "Bucket"
    IMAGES_QUEUE_URL = "ImagesQueueUrl"
    DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"
    CALLBACKS_QUEUE_URL = "CallbacksQueueUrl"
    CALLBACKS_DEAD_LETTER_QUEUE_URL = "CallbacksDeadLetterQueueUrl"
    STAGE_URL = "StageUrl"
    DOMAIN_TARGET = "DomainTarget"
    """Where a custom domain has to point, if there is one."""
    ALARM_TOPIC = "AlarmTopic"
    DASHBOARD_URL = "DashboardUrl"


def usage_plan_output(plan: str) -> str:
    """Return the name of the output that holds the id of a plan's usage plan."""
    return f"UsagePlanId{plan.capitalize()}"


def stack_name(stage: str) -> str:
    """Return the CloudFormation stack's name for a stage."""
    return f"leanpix-{stage}"
