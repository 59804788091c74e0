"""Serve `POST /shrink` of Tinify's API."""

from collections.abc import Mapping

from leanpix.bootstrap import held_submission_service, settings
from leanpix.dialects import tinify
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = held_submission_service()


def count(request: Request) -> Mapping[str, str]:
    """Return the account's count of this month."""
    account_id = request.account_id
    return tinify.count_headers(SERVICE.describe_month(account_id) if account_id else None)


@serves(add_headers=count)
def handler(request: Request) -> Response:
    """Make an image smaller, and answer where it is."""
    submission = tinify.parse_submission(
        request,
        account_id=require_account(request),
        probe=SERVICE.probe,
        any_port=settings().may_fetch_loopback,
    )
    job = SERVICE.accept(submission)
    tinify.check_image(job)
    return tinify.render_shrunk(job, submission, base_url=settings().base_url)
