"""Serve `POST /api/optimize` and its alias `POST /api/v1/optimize`."""

from leanpix.bootstrap import probed_submission_service, settings
from leanpix.dialects import tinyjpg
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = probed_submission_service()


@serves()
def handler(request: Request) -> Response:
    """Accept an image and answer with its id, its links and its estimated size."""
    submission = tinyjpg.parse_submission(request, account_id=require_account(request))
    accepted = SERVICE.accept(submission)
    return tinyjpg.render_accepted(
        accepted.job,
        base_url=settings().base_url,
        original_bytes=accepted.original_bytes,
        estimated_bytes=accepted.estimated_bytes,
    )
