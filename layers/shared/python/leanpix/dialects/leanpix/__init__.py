"""Leanpix's own routes: an account's jobs, usage and keys, and the service's description."""

from leanpix.contract import ERRORS
from leanpix.dialects.dialect import Dialect
from leanpix.dialects.leanpix.requests import parse_job_query, parse_key_name, parse_period
from leanpix.dialects.leanpix.responses import (
    render_created_key,
    render_job,
    render_job_page,
    render_keys,
    render_revoked_key,
    render_usage,
)
from leanpix.dialects.megaoptim.responses import render_error

DIALECT = Dialect(errors=ERRORS, render_error=render_error, job_parameter="job_id")

__all__ = [
    "DIALECT",
    "parse_job_query",
    "parse_key_name",
    "parse_period",
    "render_created_key",
    "render_job",
    "render_job_page",
    "render_keys",
    "render_revoked_key",
    "render_usage",
]
