"""Make, list and revoke API keys, for the account that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from leanpix.contract import MAX_KEYS_PER_ACCOUNT, ErrorName
from leanpix.domain.accounts import (
    KEY_ID_DIGITS,
    KEY_PREFIX_CHARACTERS,
    Account,
    KeyRecord,
)
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import hash_api_key, make_api_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leanpix.services.accounts import AccountService
    from leanpix.services.ports import Clock


class OwnKeys(Protocol):
    """The record of an account's keys."""

    def add(self, key: KeyRecord) -> None:
        """Record a new key."""

    def list(self, account_id: str) -> Sequence[KeyRecord]:
        """Return an account's keys, revoked ones too, the newest first."""

    def revoke(self, key_hash: str, *, now: float) -> None:
        """Make a key worthless."""


class GatewayCopies(Protocol):
    """The copies of keys in API Gateway, where usage plans count their requests."""

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""


def add_key(
    account: Account, keys: OwnKeys, copies: GatewayCopies, *, now: float, name: str = ""
) -> tuple[KeyRecord, str]:
    """Make a key, and return its record and the key itself. It works once its record stands."""
    api_key = make_api_key()
    key_hash = hash_api_key(api_key)
    gateway_name = f"leanpix-{key_hash[:KEY_ID_DIGITS]}"
    key = KeyRecord(
        key_hash=key_hash,
        account_id=account.account_id,
        gateway_key_id=copies.create(api_key, name=gateway_name, plan=account.plan),
        created_at=now,
        name=name,
        prefix=api_key[:KEY_PREFIX_CHARACTERS],
    )
    try:
        keys.add(key)
    except BaseException:
        copies.delete(key.gateway_key_id)
        raise
    return key, api_key


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeyService:
    """The service by which an account looks after its own keys."""

    accounts: AccountService
    keys: OwnKeys
    copies: GatewayCopies
    clock: Clock

    def list(self, account_id: str) -> tuple[Account, Sequence[KeyRecord]]:
        """Return the account and its keys that are in force, the newest first."""
        return self.accounts.describe(account_id), self._in_force(account_id)

    def create(self, account_id: str, *, name: str) -> tuple[KeyRecord, str]:
        """Make a key, and return its record and, this once, the key itself.

        Raises:
            LeanpixError: `TOO_MANY_KEYS`.
        """
        account = self.accounts.describe(account_id)
        if len(self._in_force(account_id)) >= MAX_KEYS_PER_ACCOUNT:
            raise LeanpixError(ErrorName.TOO_MANY_KEYS)
        return add_key(account, self.keys, self.copies, now=self.clock.now(), name=name)

    def revoke(self, account_id: str, key_id: str) -> KeyRecord:
        """Revoke a key, which stops working when the caches of API Gateway end.

        Raises:
            LeanpixError: `KEY_NOT_FOUND`, the account has no such key in force; `LAST_KEY`, it has
                no other.
        """
        keys = self._in_force(account_id)
        found = next((key for key in keys if key.key_id == key_id), None)
        if found is None:
            raise LeanpixError(ErrorName.KEY_NOT_FOUND)
        if len(keys) == 1:
            raise LeanpixError(ErrorName.LAST_KEY)
        self.keys.revoke(found.key_hash, now=self.clock.now())
        self.copies.delete(found.gateway_key_id)
        return found

    def _in_force(self, account_id: str) -> Sequence[KeyRecord]:
        return [key for key in self.keys.list(account_id) if key.revoked_at is None]
