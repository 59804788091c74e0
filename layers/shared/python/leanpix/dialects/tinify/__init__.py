"""Tinify's API: read its requests, and write its responses."""

from leanpix.dialects.dialect import Dialect
from leanpix.dialects.tinify.commands import has_commands, parse_commands
from leanpix.dialects.tinify.errors import TINIFY_ERRORS, check_image
from leanpix.dialects.tinify.requests import parse_output_id, parse_submission, read_conditions
from leanpix.dialects.tinify.responses import (
    count_headers,
    render_error,
    render_key,
    render_output,
    render_shrunk,
    render_stored,
)

DIALECT = Dialect(errors=TINIFY_ERRORS, render_error=render_error)

__all__ = [
    "DIALECT",
    "check_image",
    "count_headers",
    "has_commands",
    "parse_commands",
    "parse_output_id",
    "parse_submission",
    "read_conditions",
    "render_error",
    "render_key",
    "render_output",
    "render_shrunk",
    "render_stored",
]
