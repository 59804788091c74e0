"""What a client that asks for a result is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A result, or a part of one; ``redirect_url`` is set where it is too large to be carried."""

    content_type: str
    etag: str
    total_bytes: int
    expires_at: float
    data: bytes = b""
    content_range: str | None = None
    """Set where only a part was asked for (RFC 9110 §14.4)."""
    is_unchanged: bool = False
    """The client's copy, told by its ``If-None-Match``, is the same."""
    redirect_url: str | None = None
