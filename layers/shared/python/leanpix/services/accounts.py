"""Find the account behind a key, and describe an account to itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import ErrorName
from leanpix.domain.accounts import Standing
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import hash_api_key

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.services.ports import Accounts, Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyService:
    """The service that finds the account behind a key."""

    keys: Keys

    def identify(self, api_key: str) -> str | None:
        """Return the id of the account that the key belongs to, or None."""
        return self.keys.find_account_id(hash_api_key(api_key)) if api_key else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountService:
    """The service that describes an account to its owner."""

    accounts: Accounts

    def describe(self, account_id: str | None) -> Account:
        """Return the account.

        Raises:
            LeanpixError: `INVALID_API_KEY_ON_ACCOUNT` where there is none.
        """
        account = self.accounts.read(account_id) if account_id else None
        if account is None:
            raise LeanpixError(ErrorName.INVALID_API_KEY_ON_ACCOUNT)
        return account

    def describe_month(self, account_id: str) -> Standing | None:
        """Return the account with what `Standing.used_in` needs of it; None if it is gone.

        The balance tells what a charged account has used; only of others the usage is read.
        """
        account = self.accounts.read(account_id)
        if account is None:
            return None
        months = tuple(self.accounts.read_usage(account_id)) if account.is_unlimited else ()
        return Standing(account=account, months=months)

    def describe_usage(self, account_id: str) -> Standing:
        """Return the account and its usage by month, the newest first."""
        account = self.describe(account_id)
        return Standing(account=account, months=tuple(self.accounts.read_usage(account_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedAccountService:
    """The service that describes an account to who has a key of it."""

    keys: KeyService
    accounts: AccountService

    def describe_month(self, api_key: str) -> Standing:
        """Return the account of a key, as `AccountService.describe_month`.

        Raises:
            LeanpixError: `JOB_NOT_FOUND`, the key is unknown or revoked.
        """
        account_id = self.keys.identify(api_key)
        standing = self.accounts.describe_month(account_id) if account_id else None
        if standing is None:
            raise LeanpixError(ErrorName.JOB_NOT_FOUND)
        return standing
