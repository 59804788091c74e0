"""Read the system's clock."""

from __future__ import annotations

import time


class SystemClock:
    """The wall-clock time, as leases and expiries are compared between machines."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)
