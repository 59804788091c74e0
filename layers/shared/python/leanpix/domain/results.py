"""Where results stand, and for how long."""

from __future__ import annotations

from typing import Final

from leanpix.contract import RESULTS_PREFIX

SECONDS_PER_DAY: Final = 86_400


def result_object_key(public_id: str, file_name: str) -> str:
    """Return where a result is stored: the path under which it is downloaded says it all."""
    return f"{RESULTS_PREFIX}{public_id}/{file_name}"
