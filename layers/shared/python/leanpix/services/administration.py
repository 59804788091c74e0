"""What the operator does: accounts, their tokens and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from leanpix.contract import PLANS, UNLIMITED_TOKENS
from leanpix.domain.accounts import Account, Usage
from leanpix.domain.ids import API_KEY_PREFIX, hash_api_key, make_account_id, make_api_key

if TYPE_CHECKING:
    from leanpix.services.ports import Clock

KEY_ID_DIGITS = 16
"""Of a key's digest, by which it is spoken of: enough to tell keys apart, useless to call with."""


class AdministrationError(Exception):
    """What was asked for cannot be done; the text says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """A key as it is kept: by its digest, beside the id of its twin in API Gateway."""

    key_hash: str
    account_id: str
    gateway_key_id: str
    created_at: float

    @property
    def key_id(self) -> str:
        """Return the short name of the key."""
        return self.key_hash[:KEY_ID_DIGITS]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """A new key. This is the only time that it can be read."""

    account_id: str
    key_id: str
    api_key: str


class AccountRecords(Protocol):
    """Accounts, to be written."""

    def create(self, account: Account, *, created_at: float) -> None:
        """Record a new account."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""

    def read_usage(self, account_id: str) -> list[Usage]:
        """Return the months in which the account sent images, the newest first."""


class KeyRecords(Protocol):
    """Keys, to be written."""

    def add(self, key: KeyRecord) -> None:
        """Record a new key."""

    def find(self, key_hash_start: str) -> list[KeyRecord]:
        """Return the keys in force whose digest begins so."""

    def revoke(self, key_hash: str, *, now: float) -> None:
        """Make a key worthless."""


class GatewayKeys(Protocol):
    """The twins of our keys in API Gateway, where usage plans count their requests."""

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """Creates and shows accounts and keys."""

    accounts: AccountRecords
    keys: KeyRecords
    gateway_keys: GatewayKeys
    clock: Clock

    def create_account(
        self, *, name: str, email: str, plan: str, tokens: int | None = None
    ) -> CreatedKey:
        """Create an account with its first key; ``tokens`` is the plan's own where not given."""
        if plan not in PLANS:
            message = f"plan must be one of: {', '.join(PLANS)}"
            raise AdministrationError(message)
        granted = PLANS[plan].monthly_tokens if tokens is None else tokens
        if granted < UNLIMITED_TOKENS:
            message = "tokens must be 0 or more, or -1 for unlimited"
            raise AdministrationError(message)
        account = Account(
            account_id=make_account_id(),
            name=name,
            email=email,
            plan=plan,
            tokens=granted,
            verified=True,
        )
        self.accounts.create(account, created_at=self.clock.now())
        return self.create_key(account.account_id)

    def create_key(self, account_id: str) -> CreatedKey:
        """Create a further key of an account. The key works once its record stands."""
        account = self.show_account(account_id)
        api_key = make_api_key()
        key_hash = hash_api_key(api_key)
        name = f"leanpix-{key_hash[:KEY_ID_DIGITS]}"
        key = KeyRecord(
            key_hash=key_hash,
            account_id=account_id,
            gateway_key_id=self.gateway_keys.create(api_key, name=name, plan=account.plan),
            created_at=self.clock.now(),
        )
        try:
            self.keys.add(key)
        except BaseException:
            self.gateway_keys.delete(key.gateway_key_id)
            raise
        return CreatedKey(account_id=account_id, key_id=key.key_id, api_key=api_key)

    def revoke_key(self, key: str) -> KeyRecord:
        """Revoke a key, named by itself or by its id. It works no more once caches end."""
        is_key_itself = key.startswith(API_KEY_PREFIX)
        found = self.keys.find(hash_api_key(key) if is_key_itself else key)
        if len(found) != 1:
            message = "no key in force has this id" if not found else "this id is not unique"
            raise AdministrationError(message)
        self.keys.revoke(found[0].key_hash, now=self.clock.now())
        self.gateway_keys.delete(found[0].gateway_key_id)
        return found[0]

    def show_account(self, account_id: str) -> Account:
        """Return an account."""
        account = self.accounts.read(account_id)
        if account is None:
            message = f"there is no account {account_id}"
            raise AdministrationError(message)
        return account

    def show_usage(self, account_id: str) -> list[Usage]:
        """Return what an account used, by month, the newest first."""
        return self.accounts.read_usage(account_id)
