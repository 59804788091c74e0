"""An account with what it used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account with what it used, by month, the newest first."""

    account: Account
    months: tuple[Usage, ...]

    def used_in(self, month: str) -> int:
        """Return how many images were charged in a month."""
        return sum(usage.optimized_images for usage in self.months if usage.month == month)
