"""Serve `POST /api/optimize` and its alias `POST /api/v1/optimize`."""

from leanpix.bootstrap import accept_service, examine_service, settings
from leanpix.dialects import tinyjpg
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = accept_service()
EXAMINER = examine_service()


@serves()
def handler(request: Request) -> Response:
    """Accept an image and answer with its id, its links and its estimated size."""
    submission = tinyjpg.parse_submission(request, account_id=require_account(request))
    examined = EXAMINER.examine(submission)
    return tinyjpg.render_accepted(
        SERVICE.accept(examined.submission),
        base_url=settings().base_url,
        original_bytes=examined.original_bytes,
        estimated_bytes=examined.estimated_bytes,
    )
