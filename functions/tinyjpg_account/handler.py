"""Serve `GET /api/v1/usage` and `GET /api/v1/stats`."""

import time

from leanpix.bootstrap import account_service
from leanpix.contract import TinyJpgPath
from leanpix.dialects import tinyjpg
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = account_service()


@serves()
def handler(request: Request) -> Response:
    """Return the usage of the account, or its quota."""
    standing = SERVICE.describe_usage(require_account(request))
    if request.route == TinyJpgPath.STATS:
        return tinyjpg.render_stats(standing, now=time.time())
    return tinyjpg.render_usage(standing, now=time.time())
