"""Serve `GET /`, `GET /status`, and `GET` and `HEAD /ping`."""

from leanpix.contract import MegaOptimPath
from leanpix.dialects import megaoptim
from leanpix.gateway import serves
from leanpix.http import Request, Response

RENDERERS = {
    MegaOptimPath.HEALTH: megaoptim.render_health,
    MegaOptimPath.STATUS: megaoptim.render_status,
    MegaOptimPath.PING: megaoptim.render_ping,
}


@serves()
def handler(request: Request) -> Response:
    """Answer that the service is up."""
    return RENDERERS[request.route]()
