"""TinyJPG's API: its requests become our commands, our outcomes its responses."""

from leanpix.dialects.tinyjpg.requests import parse_submission
from leanpix.dialects.tinyjpg.responses import (
    render_accepted,
    render_error,
    render_job,
    render_stats,
    render_usage,
)

__all__ = [
    "parse_submission",
    "render_accepted",
    "render_error",
    "render_job",
    "render_stats",
    "render_usage",
]
