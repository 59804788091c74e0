"""What the sweeper looks at, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leanpix.contract import OPEN_SHARDS

FIRST_LOOK_SECONDS: Final = 60
"""After an image was accepted. Most have ended by then and are never looked at."""
LONGEST_PAUSE_SECONDS: Final = 3_600
LEASE_GRACE_SECONDS: Final = 60
"""After a lease ended: SQS delivers the message again by itself a little later than that."""
PATIENCE_SECONDS: Final = 900
"""For which a queued image's message is taken to be one of those that wait in the queue."""
FIRST_CALLBACK_LOOK_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord:
    """An image, or with no index a job's callback, that is due."""

    job_id: int
    index: int | None
    due_at: float


def shard_of(job_id: int) -> str:
    """Return the partition of the index of open records. Job ids are random, so it is even."""
    return str(job_id % OPEN_SHARDS)


def next_look(now: float, looks: int) -> float:
    """Return when to look again: each time after twice as long."""
    return now + min(FIRST_LOOK_SECONDS << looks, LONGEST_PAUSE_SECONDS)
