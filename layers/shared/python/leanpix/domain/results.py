"""Where results stand, and for how long."""

from __future__ import annotations

from typing import Final

from leanpix.contract import RESULTS_PREFIX, UPLOADS_PREFIX

SECONDS_PER_DAY: Final = 86_400


def upload_object_key(public_id: str) -> str:
    """Return where a file is stored that came with a request."""
    return f"{UPLOADS_PREFIX}{public_id}"


def direct_upload_object_key(account_id: str, upload_id: str) -> str:
    """Return where a file is stored that its account uploads to S3 itself.

    The account is a part of it, so that one account's id is of no use to another. The id comes
    first, as ids begin with their time.
    """
    return f"{UPLOADS_PREFIX}{upload_id}/{account_id}"


def result_object_key(public_id: str, file_name: str) -> str:
    """Return where a result is stored: the path under which it is downloaded says it all."""
    return f"{RESULTS_PREFIX}{public_id}/{file_name}"
