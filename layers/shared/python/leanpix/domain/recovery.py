"""Decide when the sweeper looks at a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from leanpix.contract import OPEN_SHARDS

FIRST_LOOK_SECONDS: Final = 60
"""The time from submit to the first look. Most images have ended by then."""
LONGEST_PAUSE_SECONDS: Final = 3_600
LEASE_GRACE_SECONDS: Final = 60
"""The time after a lease ended within which SQS delivers the message again by itself."""
PATIENCE_SECONDS: Final = 900
"""The time for which a queued image's message is assumed to wait in the queue."""
FIRST_CALLBACK_LOOK_SECONDS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord:
    """An image that is due or, with no index, a job's callback."""

    job_id: int
    index: int | None
    due_at: float


def shard_of(job_id: int) -> str:
    """Return the partition of the index of open records. Job ids are random, so it is even."""
    return str(job_id % OPEN_SHARDS)


def next_look(now: float, looks: int) -> float:
    """Return when to look again: each time after twice as long."""
    return now + min(FIRST_LOOK_SECONDS << looks, LONGEST_PAUSE_SECONDS)
