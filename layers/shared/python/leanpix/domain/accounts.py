"""Accounts and the tokens that they pay with: one token, one image that was made smaller."""

from __future__ import annotations

from dataclasses import dataclass

from leanpix.contract import UNLIMITED_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who pays for a job and may read its results."""

    account_id: str
    name: str
    email: str
    plan: str
    tokens: int
    """What is left; -1 is unlimited."""
    verified: bool

    @property
    def is_unlimited(self) -> bool:
        """Return whether the account is never charged."""
        return self.tokens == UNLIMITED_TOKENS

    def can_pay(self, tokens: int) -> bool:
        """Return whether the account has as many tokens left."""
        return self.is_unlimited or self.tokens >= tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an account sent in one month, and what became of it."""

    month: str
    """Such as ``2026-11``."""
    images: int
    optimized_images: int
    """Those that were made smaller, which are those that were charged."""
    bytes_in: int
    bytes_out: int
