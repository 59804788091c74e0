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


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A URL that the optimizer is to fetch."""

    file_name: str
    url: str
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What one request asks for."""

    account_id: str
    api: str
    operation: Operation
    options: ImageOptions
    inputs: tuple[Upload | Link, ...]
    callback_url: str | None = None
