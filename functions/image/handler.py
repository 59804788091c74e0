"""GET and HEAD /image/{public_id}/{file_name}."""

import time
from urllib.parse import unquote

from leanpix.bootstrap import download_service
from leanpix.dialects import megaoptim
from leanpix.dialects.images import render_download
from leanpix.gateway import serves
from leanpix.http import Request, Response


@serves(megaoptim.render_error)
def handler(request: Request) -> Response:
    """Hand a result out."""
    download = download_service().download(
        request.path_parameters["public_id"],
        # Stored names hold no percent sign, so a name that was decoded already stays as it is.
        unquote(request.path_parameters["file_name"]),
        wants_body=request.method == "GET",
        byte_range=request.headers.get("range", ""),
        if_none_match=request.headers.get("if-none-match", ""),
    )
    return render_download(download, now=time.time())
