"""Keep the time that the running function has left, so that no call to AWS begins too late.

A Lambda process serves one call at a time. Between calls, and outside of Lambda, there is no end.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final

from leanpix.services.ports import DeadlineError

LEAST_SECONDS: Final = 0.5
"""The time below which no call is begun, as it could be cut off in the middle."""

_ends_at = math.inf


def begin(seconds_left: float) -> None:
    """Set how much time there is from now on."""
    global _ends_at  # noqa: PLW0603 - one process, one call at a time
    _ends_at = time.monotonic() + seconds_left


def seconds_left() -> float:
    """Return how much time is left."""
    return _ends_at - time.monotonic()


def check(**_event: Any) -> None:
    """Raise `DeadlineError` where too little is left; botocore asks before it sends."""
    if seconds_left() < LEAST_SECONDS:
        message = "the function is about to be stopped"
        raise DeadlineError(message)
