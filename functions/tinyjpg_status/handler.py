"""Serve the status of an image in TinyJPG's API."""

from leanpix.bootstrap import job_service, settings
from leanpix.dialects import tinyjpg
from leanpix.dialects.identifiers import parse_job_id
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = job_service()


@serves()
def handler(request: Request) -> Response:
    """Return the status of the image."""
    job = SERVICE.look_up(
        parse_job_id(request.path_parameters.get("image_id", "")),
        account_id=require_account(request),
    )
    return tinyjpg.render_job(job, base_url=settings().base_url)
