"""Every error that a client can get: its status and its text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from leanpix.contract.limits import (
    MAX_INLINE_BYTES,
    MAX_KEYS_PER_ACCOUNT,
    MAX_SOURCE_BYTES,
)
from leanpix.contract.routes import API_KEY_HEADER, IDEMPOTENCY_HEADER

if TYPE_CHECKING:
    from collections.abc import Mapping


class ErrorName(StrEnum):
    """The names of the errors that a client can get."""

    INVALID_REQUEST = "invalid_request"
    UNREADABLE_BODY = "unreadable_body"
    MISSING_API_KEY = "missing_api_key"
    INVALID_API_KEY = "invalid_api_key"
    INVALID_API_KEY_ON_ACCOUNT = "invalid_api_key_on_account"
    NOT_YOUR_JOB = "not_your_job"
    JOB_NOT_FOUND = "job_not_found"
    CALLBACK_NOT_READY = "callback_not_ready"
    KEY_NOT_FOUND = "key_not_found"
    LAST_KEY = "last_key"
    TOO_MANY_KEYS = "too_many_keys"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_NOT_READY = "image_not_ready"
    ROUTE_NOT_FOUND = "route_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NO_TOKENS = "no_tokens"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    TOO_LARGE = "too_large"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    FORBIDDEN = "forbidden"
    DELIVERY_FAILED = "delivery_failed"
    OPTIMIZATION_FAILED = "optimization_failed"
    INTERNAL = "internal"
    BAD_GATEWAY = "bad_gateway"
    WAIT_TIMED_OUT = "wait_timed_out"
    GATEWAY_TIMEOUT = "gateway_timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """The status of an error and its text; `{site}` stands for the configured site URL."""

    status: int
    text: str
    hint: str | None = None
    """A way out that the vendor's document does not name."""
    retry_after_seconds: int | None = None

    @property
    def title(self) -> str:
        """The kind of error in the words of Tinify's API, whose clients read it as `error`."""
        return _TITLES.get(self.status, "InternalServerError")


_TITLES: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Bad request",
        401: "Unauthorized",
        403: "Forbidden",
        404: "Not found",
        405: "Method not allowed",
        409: "Conflict",
        413: "Request entity too large",
        415: "Unsupported media type",
        429: "Too many requests",
        465: "Unauthorized",
        466: "Too many requests",
    }
)

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
            hint=f"Send the key in the header {API_KEY_HEADER}. Authorization is not read.",
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
        ErrorName.CALLBACK_NOT_READY: ErrorEntry(
            status=409,
            text="There is no callback to send: the job has none, has not ended, or its callback"
            " is being sent.",
        ),
        ErrorName.KEY_NOT_FOUND: ErrorEntry(status=404, text="Key not found."),
        ErrorName.LAST_KEY: ErrorEntry(
            status=409,
            text="This is the last key of the account. Create another one first.",
        ),
        ErrorName.TOO_MANY_KEYS: ErrorEntry(
            status=409,
            text=f"The account has {MAX_KEYS_PER_ACCOUNT} keys. Revoke one first.",
        ),
        ErrorName.IMAGE_NOT_FOUND: ErrorEntry(status=404, text="Image not found."),
        ErrorName.IMAGE_NOT_READY: ErrorEntry(
            status=404, text="Image not found. It may not be ready yet.", retry_after_seconds=2
        ),
        ErrorName.ROUTE_NOT_FOUND: ErrorEntry(status=404, text="This endpoint does not exist."),
        ErrorName.METHOD_NOT_ALLOWED: ErrorEntry(
            status=405, text="The method is not allowed. Use {methods}."
        ),
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
        ErrorName.DELIVERY_FAILED: ErrorEntry(
            status=400, text="The image could not be stored: {why}."
        ),
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
"""The errors in MegaOptim's words. Another API's package has what differs in its own."""

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
"""Our error for each type of response that API Gateway makes by itself."""


def render_gateway_body(
    error: ErrorName, *, site_url: str, **facts: str | int
) -> dict[str, object]:
    """Return the body of an error that the clients of every API can read."""
    entry = ERRORS[error]
    text = entry.text.format(site=site_url, **facts)
    return {
        "status": "error",
        "code": entry.status,
        "errors": [text],
        "success": False,
        "message": text,
        "error": entry.title,
        **({"hint": entry.hint} if entry.hint else {}),
    }
