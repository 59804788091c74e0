"""The errors in Tinify's words and with its statuses."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from leanpix.contract import ERRORS, REASONS, ErrorEntry, ErrorName
from leanpix.domain.errors import LeanpixError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanpix.domain.jobs import Job

_UNAUTHORIZED: Final = ErrorEntry(status=401, text="Credentials are invalid")
_GONE: Final = ErrorEntry(status=404, text="Resource not found or expired.")
_NO_ENDPOINT: Final = ErrorEntry(status=404, text="This endpoint does not exist.")
TINIFY_ERRORS: Final[Mapping[ErrorName, ErrorEntry]] = MappingProxyType(
    {
        **ERRORS,
        ErrorName.MISSING_API_KEY: _UNAUTHORIZED,
        ErrorName.INVALID_API_KEY: _UNAUTHORIZED,
        ErrorName.INVALID_API_KEY_ON_ACCOUNT: _UNAUTHORIZED,
        ErrorName.NOT_YOUR_JOB: _GONE,
        ErrorName.JOB_NOT_FOUND: _GONE,
        ErrorName.IMAGE_NOT_FOUND: _GONE,
        ErrorName.IMAGE_NOT_READY: _GONE,
        ErrorName.ROUTE_NOT_FOUND: _NO_ENDPOINT,
        ErrorName.METHOD_NOT_ALLOWED: _NO_ENDPOINT,
        # Clients match these words.
        ErrorName.NO_TOKENS: ErrorEntry(status=429, text="Your monthly limit has been exceeded"),
        ErrorName.UNSUPPORTED_MEDIA_TYPE: ErrorEntry(
            status=415, text="File type is not supported."
        ),
    }
)
"""The errors that have a name in the catalogue; `RefusedError` has the words of the others."""

INPUT_MISSING: Final = "Input missing"
DECODE_ERROR: Final = "Decode error"
SOURCE_NOT_FOUND: Final = "Source not found"
JSON_INVALID: Final = "JSON validation error"
BAD_REQUEST: Final = "Bad request"
_UNDECODABLE: Final = frozenset(
    {"corrupt_image", "unsafe_content", "unsupported_feature", "too_many_frames"}
)
_FETCHED_STATUS: Final = "the URL answered with status "


class RefusedError(LeanpixError):
    """A 400 whose `error` and `message` only Tinify's API has."""

    def __init__(self, title: str, text: str) -> None:
        """Take the two texts."""
        super().__init__(ErrorName.INVALID_REQUEST)
        self.title = title
        self.text = text


def check_image(job: Job) -> None:
    """Raise the error of an image that could not be used.

    Raises:
        LeanpixError: `TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`.
        RefusedError: any other reason.
    """
    outcome = job.images[0].outcome
    if outcome is None or not outcome.is_refused:
        return
    reason, detail = outcome.reason or "", outcome.detail or ""
    if reason == "too_large":
        raise LeanpixError(ErrorName.TOO_LARGE)
    if reason == "unsupported_format":
        raise LeanpixError(ErrorName.UNSUPPORTED_MEDIA_TYPE)
    if reason == "fetch_failed":
        raise RefusedError(SOURCE_NOT_FOUND, _tell_fetch(detail))
    if reason in _UNDECODABLE:
        raise RefusedError(DECODE_ERROR, "Image could not be decoded")
    entry = REASONS.get(reason)
    raise RefusedError(BAD_REQUEST, entry.meaning if entry else reason)


def _tell_fetch(detail: str) -> str:
    if detail.startswith(_FETCHED_STATUS):
        return f"Server responded with {detail.removeprefix(_FETCHED_STATUS)}"
    return f"{detail[:1].upper()}{detail[1:]}" or "Could not be fetched"
