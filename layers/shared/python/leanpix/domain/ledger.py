"""Calculate the tokens of an account: this month's grant first, then what was topped up.

All arithmetic on tokens is here. A charge, a refund, a top-up and a raise of the grant are each a
`BalanceChange`, which a balance in memory takes by `Balance.change` and an adapter by one
conditional write. What waits in a `Purse` counts as if it had been written to the balance.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def month_of(time: float) -> str:
    """Return the month of a time, UTC, such as `2026-11`: text that sorts as months do."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m}"


def day_of(time: float) -> str:
    """Return the day of a time, UTC, such as `2026-11-24`."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d}"


def last_months(time: float, count: int) -> tuple[str, ...]:
    """Return the month of a time and those before it, the newest first."""
    now = datetime.fromtimestamp(time, UTC)
    months = [now.year * 12 + now.month - 1 - ago for ago in range(count)]
    return tuple(f"{month // 12}-{month % 12 + 1:02}" for month in months)


def next_month_starts_at(time: float) -> float:
    """Return when the month after a time begins, which is when a new grant is due."""
    now = datetime.fromtimestamp(time, UTC)
    years, month = divmod(now.month, 12)
    return datetime(now.year + years, month + 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """Amounts to add to the numbers of a balance; what is taken away is negative."""

    tokens: int = 0
    month_spent: int = 0
    given_total: int = 0
    month_grant: int = 0


def charge(tokens: int) -> BalanceChange:
    """Return a charge; the grant is spent before what was topped up."""
    return BalanceChange(tokens=-tokens, month_spent=tokens)


def top_up(tokens: int) -> BalanceChange:
    """Return a top-up, which does not end with the month."""
    return BalanceChange(tokens=tokens, given_total=tokens)


def raise_grant(tokens: int) -> BalanceChange:
    """Return a raise of the month's grant, as a larger plan brings it."""
    return BalanceChange(tokens=tokens, given_total=tokens, month_grant=tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """The tokens of an account, as last written.

    `tokens` is all there is to spend, so that a charge is one condition on one number. Two more
    numbers, the grant and what was spent of it, tell how much ends with the month. At any time:
    `given_total - expired_total - tokens` = the cost of the account's images.
    """

    tokens: int
    month: str
    """The month whose grant is included."""
    month_grant: int
    month_spent: int = 0
    """The tokens spent in the month, less refunds."""
    given_total: int = 0
    """All grants and top-ups since the account began."""
    expired_total: int = 0
    """All tokens that ended unspent with their month."""

    @property
    def granted(self) -> int:
        """The rest of the month's grant, which ends with the month."""
        return min(self.tokens, max(0, self.month_grant - self.month_spent))

    @property
    def topped_up(self) -> int:
        """The tokens that stay when the month ends."""
        return self.tokens - self.granted

    def renew(self, month: str, grant: int) -> Balance:
        """Return the balance in a month: a later one ends the old grant and brings a new one."""
        if month <= self.month:
            return self
        return Balance(
            tokens=self.topped_up + grant,
            month=month,
            month_grant=grant,
            given_total=self.given_total + grant,
            expired_total=self.expired_total + self.granted,
        )

    def change(self, change: BalanceChange) -> Balance:
        """Return the balance after a charge, a refund, a top-up or a raise."""
        return replace(
            self,
            tokens=self.tokens + change.tokens,
            month_spent=self.month_spent + change.month_spent,
            given_total=self.given_total + change.given_total,
            month_grant=self.month_grant + change.month_grant,
        )

    def with_purse(self, purse: Purse) -> Balance:
        """Return the balance with what a purse holds.

        What was spent or given back in the balance's own month counts in its grant. What was given
        back in another stays when the month ends, as if topped up.
        """
        spent = purse.spent_by_month.get(self.month, 0)
        return self.change(BalanceChange(tokens=purse.tokens, month_spent=spent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purse:
    """Tokens beside the balance, so that not every charge and refund contends for it."""

    tokens: int = 0
    """Tokens that are in no other place."""
    spent_by_month: Mapping[str, int] = field(default_factory=dict)
    """The tokens charged here in each month, less those given back in it."""


def refund_to_grant(tokens: int, month: str) -> Purse:
    """Return a refund of what was charged in the same month: it goes back where it was."""
    return Purse(tokens=tokens, spent_by_month={month: -tokens})


def refund_as_topped_up(tokens: int) -> Purse:
    """Return a refund of an earlier month's charge, which does not end with the month."""
    return Purse(tokens=tokens)
