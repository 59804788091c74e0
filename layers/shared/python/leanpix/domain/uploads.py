"""Direct uploads: a file goes to the object store itself, past every limit of a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletedUpload:
    """A file that has been uploaded."""

    file_name: str
    size_bytes: int
