"""Find the account behind a key, and describe an account to itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import ErrorName
from leanpix.domain.accounts import Standing, Usage
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import hash_api_key
from leanpix.domain.ledger import day_of
from leanpix.domain.usage import UsageReport

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.usage import Period
    from leanpix.services.ports import Accounts, Clock, Keys

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyService:
    """The service that finds the account behind a key."""

    keys: Keys
    clock: Clock

    def identify(self, api_key: str) -> str | None:
        """Return the id of the account that the key belongs to, or None.

        The first call of a day is noted with the key; the call is good even if that fails.
        """
        key = self.keys.look_up(hash_api_key(api_key)) if api_key else None
        if key is None:
            return None
        today = day_of(self.clock.now())
        if key.last_used_on != today:
            try:
                self.keys.note_use(key.key_hash, today)
            except Exception as error:  # noqa: BLE001 - whatever it is, the caller's key is good
                _log.warning("the use of a key was not noted", extra={"why": repr(error)})
        return key.account_id


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

    def report_usage(self, account_id: str, period: Period) -> UsageReport:
        """Return the account and its usage on each day of a period, in order."""
        account = self.describe(account_id)
        found = {
            usage.day: usage
            for month in period.months
            for usage in self.accounts.read_days(account_id, month)
        }
        days = (found.get(day) or Usage(month=day[:7], day=day) for day in period.days)
        return UsageReport(account, tuple(days))

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
