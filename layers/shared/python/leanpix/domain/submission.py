"""What a client submits, in no API's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanpix.domain.jobs import Credentials
    from leanpix.domain.options import ImageOptions, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with the request."""

    file_name: str
    data: bytes
    content_type: str = "application/octet-stream"
    """As its content tells, not as the client says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL that the optimizer is to fetch."""

    file_name: str
    url: str
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReference:
    """A file that the account says to have uploaded before; ``field`` of the request names it."""

    field: str
    upload_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """Such a file, found."""

    file_name: str
    object_key: str


Input = Upload | Link | UploadReference | StoredUpload
"""What becomes an image of a job; references are looked up before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one request asks for."""

    account_id: str
    api: str
    operation: Operation
    options: ImageOptions
    inputs: tuple[Input, ...]
    callback_url: str | None = None
    idempotency_key: str | None = None
    """The client's name for this request; the same again within a day is not charged again."""
    always_has_result: bool = False
    """Where nothing is gained, the original is to be had where the result would be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """What a client is about to upload."""

    account_id: str
    file_name: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadGrant:
    """Where and how to upload: a form to POST, with these fields before the file."""

    upload_id: str
    url: str
    fields: Mapping[str, str]
    expires_in_seconds: int
