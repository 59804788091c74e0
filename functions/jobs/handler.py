"""Serve the jobs of an account, and send their callbacks again."""

from leanpix.bootstrap import job_list_service, job_service, resend_service, settings
from leanpix.contract import LeanpixPath
from leanpix.dialects import leanpix
from leanpix.dialects.identifiers import parse_job_id
from leanpix.domain.jobs import Job
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

LISTS = job_list_service()
SERVICE = job_service()
RESENDS = resend_service()


@serves()
def handler(request: Request) -> Response:
    """List jobs, return one, or send its callback again."""
    account_id, base_url = require_account(request), settings().base_url
    if request.route == LeanpixPath.JOBS:
        page = LISTS.list(leanpix.parse_job_query(request), account_id=account_id)
        return leanpix.render_job_page(page, base_url=base_url)
    return leanpix.render_job(_find(request, account_id), base_url=base_url)


def _find(request: Request, account_id: str) -> Job:
    job_id = parse_job_id(request.path_parameters.get("job_id", ""))
    if request.route == LeanpixPath.JOB_CALLBACK:
        return RESENDS.resend(job_id, account_id=account_id)
    return SERVICE.look_up(job_id, account_id=account_id)
