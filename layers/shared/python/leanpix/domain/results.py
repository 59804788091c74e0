"""Name the objects of uploads and results, and describe a download."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leanpix.contract import RESULTS_PREFIX, UPLOADS_PREFIX

SECONDS_PER_DAY: Final = 86_400


def upload_object_key(public_id: str) -> str:
    """Return where a file is stored that came with a request."""
    return f"{UPLOADS_PREFIX}{public_id}"


def direct_upload_object_key(account_id: str, upload_id: str) -> str:
    """Return where a file is stored that its account uploads to S3 itself.

    The account is a part of it, so that one account's id is of no use to another. The id comes
    first, as ids begin with their time.
    """
    return f"{UPLOADS_PREFIX}{upload_id}/{account_id}"


def result_object_key(public_id: str, file_name: str) -> str:
    """Return where a result is stored: the path under which it is downloaded says it all."""
    return f"{RESULTS_PREFIX}{public_id}/{file_name}"


def failed_object_key(public_id: str) -> str:
    """Return the key of the mark of an image that will never have a result.

    No public id is `failed`, so that no link leads to a mark.
    """
    return f"{RESULTS_PREFIX}failed/{public_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The circumstances in which a result may still come."""

    failed_object_key: str
    """The mark that it never will."""
    until: float
    """The time at which its image has ended, one way or another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """The facts of a stored file, without its content."""

    content_type: str
    etag: str
    total_bytes: int
    expires_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """A request for a file, for a part of it, or for a newer one."""

    object_key: str | None
    """The key of the file; None where the path can name no file of ours."""
    byte_range: str = ""
    """The request's `Range` (RFC 9110 §14.2)."""
    if_none_match: str = ""
    """The request's `If-None-Match` (RFC 9110 §13.1.2)."""
    if_range: str = ""
    """The request's `If-Range` (RFC 9110 §13.1.5)."""
    is_head: bool = False
    """True where the answer's headers alone are asked for (RFC 9110 §9.3.2)."""
    pending: Pending | None = None
    """Set where the file may be still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A result or a part of one; `redirect_url` is set where it is too large for an answer."""

    content_type: str
    etag: str
    total_bytes: int
    expires_at: float
    data: bytes = b""
    content_range: str | None = None
    """The part sent, where only a part was asked for (RFC 9110 §14.4)."""
    is_unchanged: bool = False
    """True where the client's copy is the same, by its `If-None-Match`."""
    redirect_url: str | None = None
