"""GET /api/v1/usage and GET /api/v1/stats."""

import time

from leanpix.bootstrap import account_service
from leanpix.dialects import tinyjpg
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = account_service()


@serves(tinyjpg.render_error)
def handler(request: Request) -> Response:
    """Tell the account what it used, or what it may still use."""
    standing = SERVICE.describe_usage(require_account(request))
    if request.route.endswith("/stats"):
        return tinyjpg.render_stats(standing, now=time.time())
    return tinyjpg.render_usage(standing.months, now=time.time())
