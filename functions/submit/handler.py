"""Serve `POST /v1/optimize` and `POST /v1/convert`."""

from leanpix.bootstrap import settings, submission_service
from leanpix.dialects import megaoptim
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = submission_service()
"""The service, made while the function starts, when Lambda lends it a whole CPU."""


@serves()
def handler(request: Request) -> Response:
    """Accept a submission and answer with its id."""
    submission = megaoptim.parse_submission(
        request,
        account_id=require_account(request),
        any_port=settings().may_fetch_loopback,
    )
    job = SERVICE.accept(submission)
    return megaoptim.render_accepted(job, request, warnings=submission.warnings)
