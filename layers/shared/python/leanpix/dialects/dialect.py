"""Find what the rest of the service needs of one public API, and load no other API for it.

An API is a package in `leanpix.dialects` that its member of `Api` names. The package has a
`DIALECT`, and its module `operations` has a `DESCRIPTION` for OpenAPI.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from leanpix.contract import Api, ErrorEntry, ErrorName
    from leanpix.dialects.operations import Description
    from leanpix.domain.errors import LeanpixError
    from leanpix.domain.jobs import FinishedJob
    from leanpix.domain.results import DownloadRequest
    from leanpix.http import Request, Response


class RenderError(Protocol):
    """Turns an error into the response that a client of one API can read."""

    def __call__(self, error: LeanpixError, *, site_url: str) -> Response:
        """Return the response."""


class RenderCallback(Protocol):
    """Turns a finished job into the body that is posted to its callback URL."""

    def __call__(self, finished: FinishedJob, *, base_url: str, site_url: str) -> bytes:
        """Return the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One public API as the gateway, the callbacks and the downloads see it."""

    errors: Mapping[ErrorName, ErrorEntry]
    """The statuses and the texts of its errors."""
    render_error: RenderError
    job_parameter: str | None = None
    """The path parameter that holds the id of a job."""
    render_callback: RenderCallback | None = None
    """None where the API has no callbacks."""
    parse_download: Callable[[Request], DownloadRequest] | None = None
    """None where the API hands no files out by a link."""


def find_dialect(api: Api) -> Dialect:
    """Return the dialect of an API."""
    return cast("Dialect", import_module(f"leanpix.dialects.{api.value}").DIALECT)


def find_description(api: Api) -> Description:
    """Return the description of an API's routes, which only `leanpix.openapi` needs."""
    module = import_module(f"leanpix.dialects.{api.value}.operations")
    return cast("Description", module.DESCRIPTION)
