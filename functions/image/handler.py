"""GET and HEAD /image/{public_id}/{file_name}."""

# API Gateway drops the body of an answer to HEAD and keeps its length.

import time
from urllib.parse import unquote

from leanpix.bootstrap import download_service
from leanpix.dialects import megaoptim
from leanpix.dialects.images import render_download
from leanpix.gateway import serves
from leanpix.http import Request, Response

SERVICE = download_service()


@serves(megaoptim.render_error)
def handler(request: Request) -> Response:
    """Hand a result out."""
    download = SERVICE.download(
        request.path_parameters["public_id"],
        # Stored names hold no percent sign, so a name that was decoded already stays as it is.
        unquote(request.path_parameters["file_name"]),
        byte_range=request.headers.get("range", ""),
        if_none_match=request.headers.get("if-none-match", ""),
    )
    return render_download(download, now=time.time())
