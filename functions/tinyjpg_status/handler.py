"""GET /api/status/{image_id} and GET /api/v1/status/{image_id}."""

from leanpix.bootstrap import settings, wait_service
from leanpix.dialects import tinyjpg
from leanpix.dialects.job_ids import parse_job_id
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = wait_service()


@serves(tinyjpg.render_error)
def handler(request: Request) -> Response:
    """Tell where the image stands."""
    job = SERVICE.look_up(
        parse_job_id(request.path_parameters.get("image_id", "")),
        account_id=require_account(request),
    )
    return tinyjpg.render_job(job, base_url=settings().base_url)
