"""Accounts and the tokens that they pay with: one token, one image that was made smaller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from leanpix.contract import PLANS, UNLIMITED_TOKENS
from leanpix.domain.ledger import Balance

OTHER_TYPE: Final = "other"
"""The type of what was no image, in the counts of usage."""
KEY_ID_DIGITS: Final = 16
"""Of a key's digest, by which it is spoken of: enough to tell keys apart, useless to call with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who pays for a job and may read its results."""

    account_id: str
    name: str
    email: str
    plan: str
    balance: Balance
    """As last written, which may have been in an earlier month."""
    month: str
    """When it was read."""
    is_unlimited: bool = False
    """Never charged."""
    verified: bool = True
    callback_secret: str = field(default="", repr=False)
    """Signs what is posted to the account's callback URLs."""

    @property
    def tokens(self) -> int:
        """Return what is left, as the APIs tell it; -1 is unlimited."""
        return UNLIMITED_TOKENS if self.is_unlimited else self.current.tokens

    @property
    def monthly_tokens(self) -> int:
        """Return what the plan grants each month; -1 is unlimited."""
        return PLANS[self.plan].monthly_tokens

    @property
    def current(self) -> Balance:
        """Return the balance with the month's grant, which the next charge will write."""
        return self.balance.renew(self.month, max(0, self.monthly_tokens))

    @property
    def image_price_tokens(self) -> int:
        """Return what an image is charged at submit."""
        return 0 if self.is_unlimited else 1

    def can_pay_for(self, images: int) -> bool:
        """Return whether the account has tokens left for that many images."""
        return self.is_unlimited or self.current.tokens >= images * self.image_price_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an account sent in one month, and what became of it."""

    month: str
    """Such as ``2026-11``."""
    images: int = 0
    """All that ended in the month."""
    optimized_images: int = 0
    """Those that were made smaller, which are those that were charged."""
    failed_images: int = 0
    """Those that ended for a fault of ours."""
    charged_tokens: int = 0
    """What the images of the month cost; 0 while the account is unlimited."""
    bytes_in: int = 0
    bytes_out: int = 0
    images_by_type: Mapping[str, int] = field(default_factory=dict)
    """Of all images, by the format that was sent; ``other`` is what was no image."""
    saved_percent_sum: float = 0.0
    """Over the optimized images; divided by their number it is the mean."""
    best_saved_percent: int = 0
    """The largest saving, in whole percent."""

    @property
    def mean_saved_percent(self) -> float:
        """Return the mean saving of the images that were made smaller."""
        if not self.optimized_images:
            return 0.0
        return round(self.saved_percent_sum / self.optimized_images, 2)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key as it is kept: by its digest, beside the id of its twin in API Gateway."""

    key_hash: str
    account_id: str
    gateway_key_id: str
    created_at: float
    revoked_at: float | None = None

    @property
    def key_id(self) -> str:
        """Return the short name of the key."""
        return self.key_hash[:KEY_ID_DIGITS]
