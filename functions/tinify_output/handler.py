"""Serve `GET`, `HEAD` and `POST /output/{output_id}` of Tinify's API."""

import time
from collections.abc import Mapping

from leanpix.bootstrap import output_service
from leanpix.dialects import tinify
from leanpix.gateway import require_account, serves
from leanpix.http import Request, Response

SERVICE = output_service()


def count(request: Request) -> Mapping[str, str]:
    """Return the account's count of this month."""
    account_id = request.account_id
    return tinify.count_headers(SERVICE.describe_month(account_id) if account_id else None)


@serves(add_headers=count)
def handler(request: Request) -> Response:
    """Hand an output out, or what the commands make of its source."""
    account_id = require_account(request) if tinify.has_commands(request) else None
    job_id, public_id = tinify.parse_output_id(request)
    commands = tinify.parse_commands(request)
    until = SERVICE.begin()
    job = SERVICE.find(job_id, public_id, account_id=account_id, until=until)
    tinify.check_image(job)
    if commands.remake:
        job = SERVICE.remake(job, commands.remake, until=until)
        tinify.check_image(job)
    if commands.destination:
        return tinify.render_stored(job, SERVICE.deliver(job, commands.destination))
    download = SERVICE.download(job, tinify.read_conditions(request))
    return tinify.render_output(job, download, now=time.time())
