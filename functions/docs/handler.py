"""Serve `GET /openapi.json` and `GET /docs`."""

from leanpix.bootstrap import settings
from leanpix.contract import LeanpixPath
from leanpix.gateway import serves
from leanpix.http import Request, Response
from leanpix.openapi import render_page, render_specification

RENDERERS = {LeanpixPath.OPENAPI: render_specification, LeanpixPath.DOCS: render_page}


@serves()
def handler(request: Request) -> Response:
    """Describe the API."""
    render = RENDERERS[request.route]
    return render(base_url=settings().base_url, site_url=settings().site_url)
