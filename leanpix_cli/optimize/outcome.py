"""Data of what became of files, one by one and together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_PERCENT = 100


class Status(StrEnum):
    """What became of a file."""

    SMALLER = "smaller"
    """It is smaller now, or could be where nothing is written."""
    KEPT = "kept"
    """It is best left alone."""
    SKIPPED = "skipped"
    """It was not touched, for a reason outside of the picture."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a file."""

    name: str
    status: Status
    before: int = 0
    after: int = 0
    format: str = ""
    target: str | None = None
    """Where the result is, where something was written."""
    reason: str | None = None
    score: float | None = None
    quality: float | None = None
    also: dict[str, int] = field(default_factory=dict)
    """Bytes of each rendition beside it, by its format."""
    is_known: bool = False
    """True where an earlier run had found it out."""
    pictures: tuple[bytes, bytes] | None = None
    """The file before and after, where a report shows both."""

    @property
    def saved(self) -> int:
        """Bytes saved; 0 where it stays as it is."""
        return self.before - self.after if self.status is Status.SMALLER else 0

    def to_json(self) -> dict[str, Any]:
        """Return the facts for programs."""
        facts: dict[str, Any] = {
            "file": self.name,
            "status": self.status.value,
            "before": self.before,
            "after": self.after,
            "saved": self.saved,
            "format": self.format,
            "target": self.target,
            "reason": self.reason,
            "score": self.score,
            "quality": self.quality,
            "also": self.also,
            "known": self.is_known,
        }
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What became of all files."""

    files: int
    smaller: int
    kept: int
    skipped: int
    failed: int
    before: int
    after: int
    seconds: float

    @property
    def saved(self) -> int:
        """Bytes saved."""
        return self.before - self.after

    @property
    def percent(self) -> float:
        """Bytes saved of a hundred."""
        return _PERCENT * self.saved / self.before if self.before else 0.0


def summarize(outcomes: Iterable[Outcome], seconds: float) -> Summary:
    """Add up what became of all files."""
    all_ = list(outcomes)
    counts = {status: sum(each.status is status for each in all_) for status in Status}
    return Summary(
        files=len(all_),
        smaller=counts[Status.SMALLER],
        kept=counts[Status.KEPT],
        skipped=counts[Status.SKIPPED],
        failed=counts[Status.FAILED],
        before=sum(each.before for each in all_),
        after=sum(each.before - each.saved for each in all_),
        seconds=round(seconds, 2),
    )
