"""What a client submits, in no API's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
class StoredUpload:
    """A file that was uploaded to the object store before."""

    file_name: str
    object_key: str


Input = Upload | Link | StoredUpload


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one request asks for."""

    account_id: str
    api: str
    operation: Operation
    options: ImageOptions
    inputs: tuple[Input, ...]
    callback_url: str | None = None
    always_has_result: bool = False
    """Where nothing is gained, the original is to be had where the result would be."""
