"""TinyJPG's API: read its requests, and write its responses."""

from leanpix.dialects.dialect import Dialect
from leanpix.dialects.tinyjpg.errors import TINYJPG_ERRORS
from leanpix.dialects.tinyjpg.requests import parse_download, parse_submission
from leanpix.dialects.tinyjpg.responses import (
    render_accepted,
    render_error,
    render_job,
    render_stats,
    render_usage,
)

DIALECT = Dialect(
    errors=TINYJPG_ERRORS,
    render_error=render_error,
    job_parameter="image_id",
    parse_download=parse_download,
)

__all__ = [
    "DIALECT",
    "parse_submission",
    "render_accepted",
    "render_error",
    "render_job",
    "render_stats",
    "render_usage",
]
