"""Job ids as they stand in paths, in both APIs."""

from __future__ import annotations

from typing import Final

from leanpix.contract import ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import JOB_ID_LIMIT

_MOST_DIGITS: Final = len(str(JOB_ID_LIMIT))


def parse_job_id(text: str) -> int:
    """Return the job that a path names; what is no id is no job.

    Raises ``LeanpixError`` with ``JOB_NOT_FOUND``.
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not is_number or int(text) >= JOB_ID_LIMIT:
        raise LeanpixError(ErrorName.JOB_NOT_FOUND)
    return int(text)
