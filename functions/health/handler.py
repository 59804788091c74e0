"""GET /, GET /status, GET and HEAD /ping."""

from leanpix.dialects import megaoptim
from leanpix.gateway import serves
from leanpix.http import Request, Response

RENDERERS = {
    "/": megaoptim.render_health,
    "/status": megaoptim.render_status,
    "/ping": megaoptim.render_ping,
}


@serves(megaoptim.render_error)
def handler(request: Request) -> Response:
    """Say that the service is up."""
    return RENDERERS[request.route]()
