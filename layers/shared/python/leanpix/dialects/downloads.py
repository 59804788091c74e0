"""Hand files out over HTTP, the same way in every API; each API has paths of its own."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING

from leanpix.contract import (
    ERRORS,
    FILE_SECURITY_POLICY,
    MAX_OPEN_SECONDS,
    ErrorName,
    find_route,
    render_gateway_body,
)
from leanpix.dialects.bodies import error_headers
from leanpix.dialects.dialect import find_dialect
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import is_public_id, made_at
from leanpix.domain.results import DownloadRequest, Pending, failed_object_key
from leanpix.http import Request, Response, json_response

if TYPE_CHECKING:
    from leanpix.domain.results import Download


def parse_download(request: Request) -> DownloadRequest:
    """Return the file that a request asks for, by the path of its API.

    Raises:
        LeanpixError: `IMAGE_NOT_FOUND`, the API hands no files out.
    """
    route = find_route(request.method, request.route)
    parse = find_dialect(route.api).parse_download if route else None
    if parse is None:
        raise LeanpixError(ErrorName.IMAGE_NOT_FOUND)
    return parse(request)


def to_download_request(
    request: Request, public_id: str, object_key: str, *, may_come: bool = False
) -> DownloadRequest:
    """Return a request for an object, with the conditions of the HTTP request.

    Args:
        request: the HTTP request.
        public_id: the public id in its path.
        object_key: the object that it asks for.
        may_come: whether the object may come later, as a result may and an original may not.
    """
    if not is_public_id(public_id):
        return DownloadRequest(object_key=None)
    return DownloadRequest(
        object_key=object_key,
        byte_range=request.headers.get("range", ""),
        if_range=request.headers.get("if-range", "").strip(),
        if_none_match=request.headers.get("if-none-match", ""),
        is_head=request.method == "HEAD",
        pending=_pending(public_id) if may_come else None,
    )


def _pending(public_id: str) -> Pending:
    return Pending(
        failed_object_key=failed_object_key(public_id),
        until=made_at(public_id) + MAX_OPEN_SECONDS,
    )


def render_download(download: Download, *, now: float) -> Response:
    """Return a file: 200, 206, 304, or 302 to its place in the object store."""
    headers = {
        "Content-Type": download.content_type,
        "ETag": download.etag,
        "Cache-Control": f"public, max-age={max(0, int(download.expires_at - now))}, immutable",
        "Expires": formatdate(download.expires_at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": FILE_SECURITY_POLICY,
    }
    if download.is_unchanged:
        return Response(status=304, headers=headers)
    if download.redirect_url:
        # The signature in it ends soon, so the redirect itself must not be kept.
        moved = {"Location": download.redirect_url, "Cache-Control": "no-store"}
        return Response(status=302, headers=moved)
    if download.content_range:
        headers["Content-Range"] = download.content_range
        return Response(status=206, headers=headers, body=download.data)
    return Response(status=200, headers=headers, body=download.data)


def render_error(error: LeanpixError, *, site_url: str) -> Response:
    """Return an error that the clients of every API can read, as API Gateway's own errors are."""
    entry = ERRORS[error.name]
    return json_response(
        render_gateway_body(error.name, site_url=site_url, **error.facts),
        status=entry.status,
        headers=error_headers(entry, error),
    )
