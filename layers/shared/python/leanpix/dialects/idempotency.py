"""A client's own name for a submit, by which it may safely be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leanpix.contract import IDEMPOTENCY_HEADER, MAX_IDEMPOTENCY_KEY_CHARACTERS, ErrorName
from leanpix.domain.errors import LeanpixError, Problem

if TYPE_CHECKING:
    from leanpix.http import Request


def read_idempotency_key(request: Request) -> str | None:
    """Return a submit's idempotency key, or None where it has none.

    Raises ``LeanpixError`` with ``INVALID_REQUEST`` for one that is too long or no printable text.
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
