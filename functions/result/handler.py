"""POST /v1/optimize/{process_id}/result."""

from leanpix.bootstrap import settings, wait_service
from leanpix.dialects import megaoptim, megaoptim_request
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = wait_service()


@serves(megaoptim.render_error)
def handler(request: Request) -> Response:
    """Hold the poll until the job has ended, or the time is up."""
    finished = SERVICE.wait(
        megaoptim_request.parse_job_id(request),
        account_id=require_account(request),
        wait_seconds=megaoptim_request.parse_wait_seconds(request),
    )
    return megaoptim.render_result(finished, base_url=settings().base_url)
