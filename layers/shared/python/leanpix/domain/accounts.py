"""Describe accounts, their usage and their keys. A token pays for one image made smaller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from leanpix.contract import PLANS, UNLIMITED_TOKENS
from leanpix.domain.ledger import Balance, last_months, raise_grant, top_up

OTHER_TYPE: Final = "other"
"""The type of a file that is no image, in the counts of usage."""
KEY_ID_DIGITS: Final = 16
"""The number of digits of a key's digest in its short name: enough to tell keys apart, useless to
call with."""
KEY_PREFIX_CHARACTERS: Final = 8
"""The number of characters of a key that are kept: 30 bits of its 256."""
MONTHS_SHOWN: Final = 12
"""The calendar months that a usage report covers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account, which pays for its jobs and may read their results."""

    account_id: str
    name: str
    email: str
    plan: str
    balance: Balance
    """The balance as last written, which may have been in an earlier month."""
    month: str
    """The month in which the account was read."""
    is_unlimited: bool = False
    """True for an account that is never charged."""
    verified: bool = True
    callback_secret: str = field(default="", repr=False)
    """The secret that signs the calls to the account's callback URLs."""

    @property
    def tokens(self) -> int:
        """The tokens left, as the APIs show them; -1 is unlimited."""
        return UNLIMITED_TOKENS if self.is_unlimited else self.current.tokens

    @property
    def monthly_tokens(self) -> int:
        """The plan's grant of each month; -1 is unlimited."""
        return PLANS[self.plan].monthly_tokens

    @property
    def current(self) -> Balance:
        """The balance with the month's grant, which the next charge will write."""
        return self.balance.renew(self.month, max(0, self.monthly_tokens))

    @property
    def image_price_tokens(self) -> int:
        """The charge for an image at submit."""
        return 0 if self.is_unlimited else 1

    def with_plan(self, plan: str) -> Account:
        """Return the account in another plan from now on.

        What a larger plan grants beyond the former one is there at once; a smaller one's grant
        comes with the next month.
        """
        balance = self.current
        # What the month has brought already, so that changes there and back give nothing twice.
        granted = max(balance.month_grant, PLANS[self.plan].monthly_tokens)
        raised_by = max(0, PLANS[plan].monthly_tokens - granted)
        return replace(
            self,
            plan=plan,
            is_unlimited=PLANS[plan].monthly_tokens == UNLIMITED_TOKENS,
            balance=balance.change(raise_grant(raised_by)),
        )

    def with_top_up(self, tokens: int) -> Account:
        """Return the account with more tokens that do not end with the month, or with fewer."""
        return replace(self, balance=self.current.change(top_up(tokens)))

    def can_pay_for(self, images: int) -> bool:
        """Return whether the account has tokens left for that many images."""
        return self.is_unlimited or self.current.tokens >= images * self.image_price_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The counts of the images of an account that ended in one month, or on one day of it."""

    month: str
    """A month such as `2026-11`."""
    day: str = ""
    """A day such as `2026-11-24`; empty in the counts of a whole month."""
    images: int = 0
    """The number of images that ended."""
    optimized_images: int = 0
    """The number of images that were made smaller, which are those charged."""
    failed_images: int = 0
    """The number of images that failed for a fault of ours."""
    charged_tokens: int = 0
    """The cost of the images; 0 while the account is unlimited."""
    bytes_in: int = 0
    bytes_out: int = 0
    images_by_type: Mapping[str, int] = field(default_factory=dict)
    """The number of images by the format that was sent; `other` is what was no image."""
    saved_percent_sum: float = 0.0
    """The sum over the optimized images; divided by their number it is the mean."""
    best_saved_percent: int = 0
    """The largest saving, in whole percent."""

    @property
    def mean_saved_percent(self) -> float:
        """The mean saving of the images that were made smaller."""
        if not self.optimized_images:
            return 0.0
        return round(self.saved_percent_sum / self.optimized_images, 2)

    def plus(self, other: Usage) -> Usage:
        """Return the counts of both."""
        types = [*self.images_by_type, *other.images_by_type]
        return replace(
            self,
            images=self.images + other.images,
            optimized_images=self.optimized_images + other.optimized_images,
            failed_images=self.failed_images + other.failed_images,
            charged_tokens=self.charged_tokens + other.charged_tokens,
            bytes_in=self.bytes_in + other.bytes_in,
            bytes_out=self.bytes_out + other.bytes_out,
            images_by_type={
                kind: self.images_by_type.get(kind, 0) + other.images_by_type.get(kind, 0)
                for kind in sorted(set(types))
            },
            saved_percent_sum=round(self.saved_percent_sum + other.saved_percent_sum, 2),
            best_saved_percent=max(self.best_saved_percent, other.best_saved_percent),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An account with its usage by month, the newest first."""

    account: Account
    months: tuple[Usage, ...]

    def recent_months(self, *, now: float) -> tuple[Usage, ...]:
        """Return the usage of the last twelve calendar months, empty ones too, newest first."""
        by_month = {usage.month: usage for usage in self.months}
        recent = last_months(now, MONTHS_SHOWN)
        return tuple(by_month.get(month, Usage(month=month)) for month in recent)

    def used_in(self, month: str) -> int:
        """Return the tokens that a month has cost, or the images where nothing is charged.

        Tokens include those of images that are still worked on; what they do not save is given
        back.
        """
        if not self.account.is_unlimited:
            return self.account.current.month_spent
        return sum(usage.optimized_images for usage in self.months if usage.month == month)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """An API key on record: its digest, and the id of its copy in API Gateway."""

    key_hash: str
    account_id: str
    gateway_key_id: str
    created_at: float
    revoked_at: float | None = None
    name: str = ""
    """The name that its owner gave it."""
    prefix: str = ""
    """The first characters of the key, by which its owner recognizes it."""
    last_used_on: str | None = None
    """The day of the last call with it, such as `2026-11-24`."""

    @property
    def key_id(self) -> str:
        """The short name of the key."""
        return self.key_hash[:KEY_ID_DIGITS]
