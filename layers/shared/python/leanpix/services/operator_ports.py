"""Declare the ports of the operator's services, which only the command line calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from leanpix.domain.accounts import Account, KeyRecord, Usage
    from leanpix.domain.tasks import DeadLetter


class AccountRecords(Protocol):
    """The accounts, for the operator."""

    def create(self, account: Account, *, created_at: float) -> None:
        """Record a new account."""

    def read(self, account_id: str) -> Account | None:
        """Return an account, as last written."""

    def list(self) -> Iterator[Account]:
        """Return every account."""

    def read_usage(self, account_id: str) -> Sequence[Usage]:
        """Return the months in which images of the account ended, the newest first."""

    def top_up(self, account_id: str, tokens: int) -> bool:
        """Add tokens that do not end with the month; False for an account that needs none."""

    def replace(self, account: Account, changed: Account) -> bool:
        """Write another plan and balance; False where the account has changed meanwhile."""

    def delete(self, account_id: str) -> None:
        """Delete an account with its usage; one that is gone already is fine."""


class KeyRecords(Protocol):
    """The API keys, for the operator."""

    def add(self, key: KeyRecord) -> None:
        """Record a new key."""

    def find(self, key_hash_start: str) -> Sequence[KeyRecord]:
        """Return the keys in force whose digest begins so."""

    def list(self, account_id: str) -> Sequence[KeyRecord]:
        """Return an account's keys, revoked ones too, the newest first."""

    def revoke(self, key_hash: str, *, now: float) -> None:
        """Make a key worthless."""

    def delete(self, key_hash: str) -> None:
        """Delete a key's record; one that is gone already is fine."""


class GatewayKeys(Protocol):
    """The copies of our keys in API Gateway, where usage plans count their requests."""

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        """Create a key in a plan's usage plan and return its id."""

    def move(self, gateway_key_id: str, *, plan: str) -> None:
        """Count a key's requests by another plan's usage plan."""

    def delete(self, gateway_key_id: str) -> None:
        """Delete a key; one that is gone already is fine."""


class DeadLetterQueue(Protocol):
    """A dead-letter queue and the queue that its messages came from."""

    def receive(self) -> Sequence[DeadLetter]:
        """Return some of the dead letters, and hide them for a while; none is the end."""

    def send_again(self, letter: DeadLetter, body: str) -> None:
        """Queue a dead letter's message again, and then delete it from the dead letters."""


class FailedCallbacks(Protocol):
    """The callbacks that no try delivered."""

    def reopen_callback(self, job_id: int, *, due_at: float) -> bool:
        """Owe a callback again that no try delivered; False where it did not fail."""
