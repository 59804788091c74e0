"""Serve `POST /v1/users/info`."""

from leanpix.bootstrap import account_service
from leanpix.dialects import megaoptim
from leanpix.gateway import serves
from leanpix.http import Request, Response

SERVICE = account_service()


@serves()
def handler(request: Request) -> Response:
    """Describe the account."""
    return megaoptim.render_account(SERVICE.describe(request.account_id))
