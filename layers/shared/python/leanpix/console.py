"""Serve the console's files, each with a policy of its own and a name for ever."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.http import Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

    from leanpix.http import Request

_PACKAGE: Final = "leanpix_console"
_PAGE: Final = "index.html"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FILE_NAME: Final = re.compile(r"[a-z-]+\.[0-9a-f]{10}\.(css|js|svg)")
"""The names of files with the digest of their content, which are all that may be asked for."""
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def render_page(request: Request, *, origins: Iterable[str]) -> Response:
    """Return the page.

    Args:
        request: The request.
        origins: URLs of what the page may call and show besides its own origin: the API's own
            name, and the object store.
    """
    others = " ".join(sorted({_origin(url) for url in origins}))
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self';"
        f" connect-src 'self' {others};"
        # A URL that a person gives is shown as the original beside its result.
        f" img-src 'self' blob: data: https: {others};"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-cache",
    }
    return _render(request, _PAGE, headers)


def render_file(request: Request) -> Response:
    """Return a file that the page names.

    Raises:
        LeanpixError: `ROUTE_NOT_FOUND`, there is none of that name.
    """
    name = request.path_parameters.get("file_name", "")
    if not _FILE_NAME.fullmatch(name):
        raise LeanpixError(ErrorName.ROUTE_NOT_FOUND)
    return _render(request, name, {"Cache-Control": _FOR_EVER})


def _render(request: Request, name: str, headers: dict[str, str]) -> Response:
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
    body = _read(f"{name}.gz" if takes_gzip else name)
    encoding = {"Content-Encoding": "gzip"} if takes_gzip else {}
    kind = _TYPES[name.rpartition(".")[2]]
    own = {"Content-Type": kind, "Vary": "Accept-Encoding", **encoding}
    return Response(status=200, headers={**own, **headers}, body=body)


@cache
def _read(name: str) -> bytes:
    file = _folder() / name
    if not file.is_file():
        raise LeanpixError(ErrorName.ROUTE_NOT_FOUND)
    return file.read_bytes()


def _folder() -> Traversable:
    return files(_PACKAGE)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
