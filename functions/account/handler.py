"""POST /v1/users/info."""

from leanpix.bootstrap import account_service
from leanpix.dialects import megaoptim
from leanpix.gateway import serves
from leanpix.http import Request, Response

SERVICE = account_service()


@serves(megaoptim.render_error)
def handler(request: Request) -> Response:
    """Tell the account about itself."""
    return megaoptim.render_account(SERVICE.describe(request.account_id))
