"""Describe a submission and a direct upload in the words of no particular API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import IDEMPOTENCY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanpix.domain.jobs import Credentials
    from leanpix.domain.options import ImageOptions, Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came with the request."""

    file_name: str
    data: bytes
    field: str = ""
    """The field of the request that it came in, where a refusal is to name it."""
    content_type: str = "application/octet-stream"
    """The type by the file's content, not by the client's word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL to fetch."""

    file_name: str
    url: str
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReference:
    """A reference to a direct upload; `field` is the request's field that has it."""

    field: str
    upload_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """A direct upload that was found."""

    file_name: str
    object_key: str


Input = Upload | Link | UploadReference | StoredUpload
"""An input that becomes an image of a job; references are resolved before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The content of one request."""

    account_id: str
    api: str
    operation: Operation
    options: ImageOptions
    inputs: tuple[Input, ...]
    callback_url: str | None = None
    idempotency_key: str | None = None
    """The client's name for this request; the same again within a day is not charged again."""
    idempotency_seconds: int = IDEMPOTENCY_SECONDS
    """For how long that name is remembered."""
    warnings: tuple[str, ...] = ()
    """The likely mistakes in the request, for its sender."""
    always_has_result: bool = False
    """True where the original stands in for a result that gained nothing."""
    is_free: bool = False
    """True for other copies of images that are paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remake:
    """Another result that is wanted of the source of a job."""

    operation: Operation
    options: ImageOptions
    is_free: bool
    idempotency_key: str
    idempotency_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    """The file that a client is about to upload."""

    account_id: str
    file_name: str
    size_bytes: int
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadGrant:
    """A form to POST a file with, its fields before the file."""

    upload_id: str
    url: str
    fields: Mapping[str, str]
    expires_in_seconds: int
