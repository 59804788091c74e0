"""Serve the keys of an account: list, create and revoke them."""

from leanpix.bootstrap import own_key_service
from leanpix.dialects import leanpix
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = own_key_service()


@serves()
def handler(request: Request) -> Response:
    """Answer by the method: GET lists, POST creates, DELETE revokes."""
    account_id = require_account(request)
    if request.method == "POST":
        name = leanpix.parse_key_name(request)
        return leanpix.render_created_key(*SERVICE.create(account_id, name=name))
    if request.method == "DELETE":
        key_id = request.path_parameters.get("key_id", "")
        return leanpix.render_revoked_key(SERVICE.revoke(account_id, key_id))
    return leanpix.render_keys(*SERVICE.list(account_id))
