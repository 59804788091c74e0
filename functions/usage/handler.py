"""Serve the usage of an account by day."""

import time

from leanpix.bootstrap import account_service
from leanpix.dialects import leanpix
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = account_service()


@serves()
def handler(request: Request) -> Response:
    """Return the usage of each day, and the tokens as they stand."""
    now = time.time()
    period = leanpix.parse_period(request, now=now)
    report = SERVICE.report_usage(require_account(request), period)
    return leanpix.render_usage(report, now=now)
