"""What a client that asks for a result is given."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """A file that is asked for, and which part of it, or only if it changed."""

    object_key: str | None
    """None where what was asked for can be no file of ours."""
    byte_range: str = ""
    """The request's ``Range`` (RFC 9110 §14.2)."""
    if_none_match: str = ""
    """The request's ``If-None-Match`` (RFC 9110 §13.1.2)."""
    may_come: bool = False
    """The file may not be there yet, rather than not be at all."""


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
