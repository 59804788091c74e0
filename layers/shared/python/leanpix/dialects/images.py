"""Downloads as HTTP: both APIs hand files out the same way."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from leanpix.http import Response

if TYPE_CHECKING:
    from leanpix.domain.downloads import Download

SVG_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An SVG opened by itself is a document: it may neither run nor load anything."""


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
