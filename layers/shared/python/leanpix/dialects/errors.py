"""From an error to what a client reads, in the words of one API's catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanpix.contract import ErrorEntry
    from leanpix.domain.errors import LeanpixError


def fill_text(entry: ErrorEntry, error: LeanpixError, *, site_url: str) -> str:
    """Return the entry's text with its placeholders filled."""
    return entry.text.format(site=site_url, **error.facts)


def retry_headers(entry: ErrorEntry) -> dict[str, str]:
    """Return the header that tells when to try again, where there is a time (RFC 9110 §10.2.3)."""
    if entry.retry_after_seconds is None:
        return {}
    return {"Retry-After": str(entry.retry_after_seconds)}
