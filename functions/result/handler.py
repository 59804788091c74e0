"""Serve the polls for results of MegaOptim's API."""

from leanpix.bootstrap import poll_service, settings
from leanpix.dialects import megaoptim
from leanpix.dialects.identifiers import parse_job_id
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = poll_service()


@serves()
def handler(request: Request) -> Response:
    """Hold the poll until the job has ended, or the time is up."""
    finished = SERVICE.wait(
        parse_job_id(request.path_parameters.get("process_id", "")),
        account_id=require_account(request),
        wait_seconds=megaoptim.parse_wait_seconds(request),
    )
    return megaoptim.render_result(finished, base_url=settings().base_url)
