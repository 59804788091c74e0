"""MegaOptim's API: its requests become our commands, our outcomes its responses."""

from leanpix.dialects.megaoptim.requests import (
    parse_submission,
    parse_upload_request,
    parse_wait_seconds,
)
from leanpix.dialects.megaoptim.responses import (
    render_accepted,
    render_account,
    render_error,
    render_health,
    render_ping,
    render_result,
    render_status,
    render_upload_grant,
)

__all__ = [
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
