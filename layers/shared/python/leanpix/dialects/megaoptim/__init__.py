"""MegaOptim's API: read its requests, and write its responses."""

from leanpix.contract import ERRORS
from leanpix.dialects.dialect import Dialect
from leanpix.dialects.megaoptim.requests import (
    parse_download,
    parse_submission,
    parse_upload_request,
    parse_wait_seconds,
)
from leanpix.dialects.megaoptim.responses import (
    render_accepted,
    render_account,
    render_callback,
    render_error,
    render_health,
    render_ping,
    render_result,
    render_status,
    render_upload_grant,
)

DIALECT = Dialect(
    errors=ERRORS,
    render_error=render_error,
    job_parameter="process_id",
    render_callback=render_callback,
    parse_download=parse_download,
)

__all__ = [
    "DIALECT",
    "parse_submission",
    "parse_upload_request",
    "parse_wait_seconds",
    "render_accepted",
    "render_account",
    "render_error",
    "render_health",
    "render_ping",
    "render_result",
    "render_status",
    "render_upload_grant",
]
