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
        """Return the tokens that a month has cost, or the images where nothing is charged.

        Tokens include those of images that are still worked on; what they do not save is given
        back.
        """
        if not self.account.is_unlimited:
            return self.account.current.month_spent
        return sum(usage.optimized_images for usage in self.months if usage.month == month)
