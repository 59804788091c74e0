"""Reports of an account's usage, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leanpix.domain.accounts import Account, Usage


@dataclass(frozen=True, slots=True)
class Period:
    """The days from a first to a last one, both included."""

    first: date
    last: date

    @property
    def days(self) -> Iterator[str]:
        """The days, such as `2026-11-24`, in order."""
        for number in range((self.last - self.first).days + 1):
            yield f"{self.first + timedelta(days=number)}"

    @property
    def months(self) -> tuple[str, ...]:
        """The months of these days, in order."""
        return tuple(dict.fromkeys(day[:7] for day in self.days))


@dataclass(frozen=True, slots=True)
class UsageReport:
    """An account, and the usage of each day of a period, empty ones too."""

    account: Account
    days: tuple[Usage, ...]
