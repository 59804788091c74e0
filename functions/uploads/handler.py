"""Serve `POST /v1/uploads`."""

from leanpix.bootstrap import uploads_service
from leanpix.dialects import megaoptim
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = uploads_service()


@serves()
def handler(request: Request) -> Response:
    """Grant a direct upload."""
    wanted = megaoptim.parse_upload_request(request, account_id=require_account(request))
    return megaoptim.render_upload_grant(SERVICE.grant(wanted))
