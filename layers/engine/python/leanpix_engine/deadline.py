"""The wall-clock time that one call may take."""

from __future__ import annotations

import time

from leanpix_engine.errors import Reason, Refused


class Deadline:
    """Counts down from its creation.

    Args:
        seconds: the time there is.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._seconds = seconds

    def left(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self._end - time.monotonic())

    def share_left(self) -> float:
        """Return the time left as a share of the whole."""
        return self.left() / self._seconds

    def check(self) -> None:
        """Stop work that nobody waits for any more.

        Raises:
            Refused: `TIMEOUT`.
        """
        if self.left() <= 0:
            raise Refused(Reason.TIMEOUT)
