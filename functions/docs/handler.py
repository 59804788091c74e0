"""Serve the API's description and the console."""

from leanpix import console
from leanpix.bootstrap import settings
from leanpix.contract import LeanpixPath
from leanpix.gateway import serves
from leanpix.http import Request, Response


@serves()
def handler(request: Request) -> Response:
    """Describe the API, or return the console or a file of it."""
    base_url, site_url = settings().base_url, settings().site_url
    if request.route == LeanpixPath.CONSOLE:
        return console.render_page(request, origins=(base_url, settings().store_url))
    if request.route == LeanpixPath.CONSOLE_FILE:
        return console.render_file(request)
    from leanpix import openapi  # noqa: PLC0415 - slow to import, and the console needs it not

    is_page = request.route == LeanpixPath.DOCS
    render = openapi.render_page if is_page else openapi.render_specification
    return render(base_url=base_url, site_url=site_url)
