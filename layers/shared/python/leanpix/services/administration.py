"""Create and show accounts, their tokens and their keys, for the operator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from leanpix.contract import PLANS, UNLIMITED_TOKENS
from leanpix.domain.accounts import Account, KeyRecord, Usage
from leanpix.domain.ids import (
    API_KEY_PREFIX,
    hash_api_key,
    make_account_id,
    make_callback_secret,
)
from leanpix.domain.ledger import Balance, month_of
from leanpix.services.keys import add_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanpix.services.operator_ports import AccountRecords, GatewayKeys, KeyRecords
    from leanpix.services.ports import Clock


# A typing mistake is found; whether somebody reads the mail, no pattern can tell.
_EMAIL: Final = re.compile(r"[^@\s,;<>]+@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")


class AdministrationError(Exception):
    """A request of the operator's that cannot be met; the text names what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """A new key. This is the only time that it can be read."""

    account_id: str
    key_id: str
    api_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """The service that creates and shows accounts and keys."""

    accounts: AccountRecords
    keys: KeyRecords
    gateway_keys: GatewayKeys
    clock: Clock

    def create_account(
        self, *, name: str, email: str, plan: str, tokens: int | None = None
    ) -> CreatedKey:
        """Create an account with its first key.

        Where `tokens` are given, they are what it begins with, instead of the plan's grant of
        this month; they do not end with the month. The next month brings the plan's grant.
        """
        if plan not in PLANS:
            message = f"plan must be one of: {', '.join(PLANS)}"
            raise AdministrationError(message)
        if not _EMAIL.fullmatch(email):
            message = f"email must be an address such as ada@example.com, not {email!r}"
            raise AdministrationError(message)
        grant = PLANS[plan].monthly_tokens if tokens is None else tokens
        if grant < UNLIMITED_TOKENS:
            message = "tokens must be 0 or more, or -1 for unlimited"
            raise AdministrationError(message)
        now = self.clock.now()
        month = month_of(now)
        begins_with = max(0, grant)
        account = Account(
            account_id=make_account_id(),
            name=name,
            email=email,
            plan=plan,
            is_unlimited=grant == UNLIMITED_TOKENS,
            month=month,
            balance=Balance(
                tokens=begins_with,
                month=month,
                month_grant=begins_with if tokens is None else 0,
                given_total=begins_with,
            ),
            callback_secret=make_callback_secret(),
        )
        self.accounts.create(account, created_at=now)
        return self.create_key(account.account_id)

    def top_up(self, account_id: str, tokens: int) -> Account:
        """Add tokens that do not end with the month, and return the account after it."""
        if tokens < 1:
            message = "tokens must be 1 or more"
            raise AdministrationError(message)
        self.show_account(account_id)
        if not self.accounts.top_up(account_id, tokens):
            message = f"the account {account_id} is unlimited"
            raise AdministrationError(message)
        return self.show_account(account_id)

    def take_back(self, account_id: str, tokens: int) -> Account:
        """Take back topped-up tokens that are not spent, and return the account after it."""
        if tokens < 1:
            message = "tokens must be 1 or more"
            raise AdministrationError(message)
        account = self.show_account(account_id)
        if account.is_unlimited:
            message = f"the account {account_id} is unlimited"
            raise AdministrationError(message)
        topped_up = account.current.topped_up
        if tokens > topped_up:
            message = f"only {topped_up} topped-up tokens of the account {account_id} are left"
            raise AdministrationError(message)
        if not self.accounts.replace(account, account.with_top_up(-tokens)):
            message = f"the account {account_id} is being charged: try again"
            raise AdministrationError(message)
        return self.show_account(account_id)

    def list_accounts(self) -> list[Account]:
        """Return every account, by name."""
        return sorted(self.accounts.list(), key=lambda account: (account.name, account.account_id))

    def create_key(self, account_id: str) -> CreatedKey:
        """Create a further key of an account. The key works once its record stands."""
        account = self.show_account(account_id)
        key, api_key = add_key(account, self.keys, self.gateway_keys, now=self.clock.now())
        return CreatedKey(account_id=account_id, key_id=key.key_id, api_key=api_key)

    def revoke_key(self, key: str) -> KeyRecord:
        """Revoke a key, named by itself or by its id. It stops working when the caches end."""
        is_key_itself = key.startswith(API_KEY_PREFIX)
        found = self.keys.find(hash_api_key(key) if is_key_itself else key)
        if len(found) != 1:
            message = "no key in force has this id" if not found else "this id is not unique"
            raise AdministrationError(message)
        self.keys.revoke(found[0].key_hash, now=self.clock.now())
        self.gateway_keys.delete(found[0].gateway_key_id)
        return found[0]

    def revoke_all_keys(self, account_id: str) -> list[KeyRecord]:
        """Revoke every key of an account that is in force, and return them."""
        self.show_account(account_id)
        keys = [key for key in self.keys.list(account_id) if key.revoked_at is None]
        for key in keys:
            self.keys.revoke(key.key_hash, now=self.clock.now())
            self.gateway_keys.delete(key.gateway_key_id)
        return keys

    def change_plan(self, account_id: str, plan: str) -> Account:
        """Give an account another plan, by which its keys are limited from now on.

        To ask for the plan that it has brings its keys in line, should an earlier change have been
        cut off.
        """
        if plan not in PLANS:
            message = f"plan must be one of: {', '.join(PLANS)}"
            raise AdministrationError(message)
        account = self.show_account(account_id)
        if plan != account.plan and not self.accounts.replace(account, account.with_plan(plan)):
            message = f"the account {account_id} is being charged: try again"
            raise AdministrationError(message)
        for key in self.keys.list(account_id):
            if key.revoked_at is None:
                self.gateway_keys.move(key.gateway_key_id, plan=plan)
        return self.show_account(account_id)

    def delete_account(self, account_id: str) -> int:
        """Delete an account, its usage and its keys, and return how many keys there were.

        Its jobs, uploads and results go when they expire.
        """
        self.show_account(account_id)
        keys = self.keys.list(account_id)
        # First nobody can submit any more, then what is left is deleted.
        self.revoke_all_keys(account_id)
        for key in keys:
            self.keys.delete(key.key_hash)
        self.accounts.delete(account_id)
        return len(keys)

    def count_held_tokens(self, account_id: str) -> int:
        """Return the tokens that are charged for images which have not ended."""
        balance = self.show_account(account_id).current
        kept = sum(month.charged_tokens for month in self.show_usage(account_id))
        return balance.given_total - balance.expired_total - balance.tokens - kept

    def list_keys(self, account_id: str) -> Sequence[KeyRecord]:
        """Return an account's keys, revoked ones too, the newest first."""
        self.show_account(account_id)
        return self.keys.list(account_id)

    def show_account(self, account_id: str) -> Account:
        """Return an account."""
        account = self.accounts.read(account_id)
        if account is None:
            message = f"there is no account {account_id}"
            raise AdministrationError(message)
        return account

    def show_usage(self, account_id: str) -> Sequence[Usage]:
        """Return what an account used, by month, the newest first."""
        return self.accounts.read_usage(account_id)
