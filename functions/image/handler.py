"""Serve `GET` and `HEAD` of the links to results and originals.

API Gateway drops the body of an answer to HEAD and keeps its length.
"""

import time

from leanpix.bootstrap import result_service
from leanpix.dialects import downloads
from leanpix.gateway import serves
from leanpix.http import Request, Response

SERVICE = result_service()


@serves(render_error=downloads.render_error)
def handler(request: Request) -> Response:
    """Hand a file out."""
    download = SERVICE.download(downloads.parse_download(request))
    return downloads.render_download(download, now=time.time())
