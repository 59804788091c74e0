"""Downloads as HTTP: both APIs hand files out the same way, from paths of their own."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from leanpix.contract import ERRORS, render_gateway_body
from leanpix.dialects.errors import retry_headers
from leanpix.domain.downloads import DownloadRequest
from leanpix.domain.ids import is_public_id
from leanpix.domain.results import result_object_key, upload_object_key
from leanpix.http import Request, Response, json_response

if TYPE_CHECKING:
    from leanpix.domain.downloads import Download
    from leanpix.domain.errors import LeanpixError

ORIGINAL_PATH: Final = "/direct-file/original/"
OPTIMIZED_PATH: Final = "/direct-file/optimized/"
SVG_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG opened by itself is a document: it may neither run nor load anything."""


def parse_download(request: Request) -> DownloadRequest:
    """Return which file a request asks for, by the shape of its path.

    MegaOptim: ``/image/{public_id}/{file_name}``. TinyJPG: ``/direct-file/original/{name}`` and
    ``/direct-file/optimized/{name}``, where the name is the public id, a hyphen, the file name.
    """
    parameters = request.path_parameters
    # Stored names hold no percent sign, so a name that was decoded already stays as it is.
    if "public_id" in parameters:
        public_id, file_name = parameters["public_id"], unquote(parameters["file_name"])
    else:
        public_id, _, file_name = unquote(parameters["name"]).partition("-")
    is_original = request.route.startswith(ORIGINAL_PATH)
    key = upload_object_key(public_id) if is_original else result_object_key(public_id, file_name)
    return DownloadRequest(
        object_key=key if is_public_id(public_id) else None,
        byte_range=request.headers.get("range", ""),
        if_none_match=request.headers.get("if-none-match", ""),
        may_come=request.route.startswith(OPTIMIZED_PATH),
    )


def render_download(download: Download, *, now: float) -> Response:
    """Return a result: 200, 206, 304, or 302 to where it is."""
    headers = {
        "Content-Type": download.content_type,
        "ETag": download.etag,
        "Cache-Control": f"public, max-age={max(0, int(download.expires_at - now))}, immutable",
        "Expires": formatdate(download.expires_at, usegmt=True),
        "Accept-Ranges": "bytes",
        "Content-Security-Policy": SVG_POLICY,
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
    """Return an error that both APIs' clients can read, as those of API Gateway's own are."""
    entry = ERRORS[error.name]
    return json_response(
        render_gateway_body(error.name, site_url=site_url),
        status=entry.status,
        headers=retry_headers(entry),
    )
