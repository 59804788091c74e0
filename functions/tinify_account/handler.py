"""Serve `GET /keys/{key}` of Tinify's API."""

from leanpix.bootstrap import keyed_account_service
from leanpix.dialects import tinify
from leanpix.gateway import serves
from leanpix.http import Request, Response

SERVICE = keyed_account_service()


@serves()
def handler(request: Request) -> Response:
    """Tell whether a key is good, and the count of its account."""
    return tinify.render_key(SERVICE.describe_month(request.path_parameters["key"]))
