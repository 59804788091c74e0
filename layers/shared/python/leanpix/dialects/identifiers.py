"""Read the identifiers that clients send: ids of jobs, and their own names for submits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from leanpix.contract import IDEMPOTENCY_HEADER, MAX_IDEMPOTENCY_KEY_CHARACTERS, ErrorName
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.ids import JOB_ID_LIMIT

if TYPE_CHECKING:
    from leanpix.http import Request

_MOST_DIGITS: Final = len(str(JOB_ID_LIMIT))


def parse_job_id(text: str) -> int:
    """Return the id of a job that a path holds.

    Raises:
        LeanpixError: `JOB_NOT_FOUND`, the text is no id.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not is_number or int(text) >= JOB_ID_LIMIT:
        raise LeanpixError(ErrorName.JOB_NOT_FOUND)
    return int(text)


def read_idempotency_key(request: Request) -> str | None:
    """Return a submit's idempotency key, or None where it has none.

    Raises:
        LeanpixError: `INVALID_REQUEST`, the key is too long or not printable ASCII.
    """
    key = request.headers.get(IDEMPOTENCY_HEADER.lower(), "").strip()
    if len(key) > MAX_IDEMPOTENCY_KEY_CHARACTERS or not (key.isascii() and key.isprintable()):
        text = (
            f"The {IDEMPOTENCY_HEADER} header must be 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS}"
            " printable ASCII characters."
        )
        problem = Problem(IDEMPOTENCY_HEADER, text)
        raise LeanpixError(ErrorName.INVALID_REQUEST, problems=(problem,))
    return key or None
