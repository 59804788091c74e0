"""The ledger in memory: the promises of the service, kept by arithmetic of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from leanpix.contract import PLANS, format_by_name
from leanpix.domain.accounts import Account, Usage
from leanpix.domain.callbacks import Callback, CallbackState, Delivery
from leanpix.domain.jobs import Image, ImageState, Job, Outcome
from leanpix.domain.ledger import Balance
from leanpix.domain.recovery import (
    FIRST_CALLBACK_LOOK_SECONDS,
    FIRST_LOOK_SECONDS,
    OpenRecord,
)
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.ports import IdTakenError, KeyUsedError, LeaseLostError, NoTokensLeftError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leanpix.domain.idempotency import IdempotencyRecord
    from tests.ledger.fakes import HandClock

Record = tuple[int, int | None]
"""An image, or with no index a job's callback."""


def calendar_month(time: float) -> str:
    """Return the month of a time, UTC, such as ``2026-11``."""
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m")


@dataclass
class Purse:
    """An account's tokens in two heaps: one ends with its month, the other was sold."""

    month: str
    monthly: int
    month_grant: int
    granted: int
    sold: int
    spent: int = 0
    spent_of_sold: int = 0
    given: int = 0
    expired: int = 0

    @classmethod
    def of(cls, account: Account) -> Purse:
        """Return the purse of a new account."""
        balance = account.balance
        granted = min(balance.tokens, balance.month_grant)
        return cls(
            month=balance.month,
            monthly=max(0, PLANS[account.plan].monthly_tokens),
            month_grant=balance.month_grant,
            granted=granted,
            sold=balance.tokens - granted,
            given=balance.given_total,
        )

    def as_balance(self) -> Balance:
        """Return the same in the service's words."""
        return Balance(
            tokens=self.granted + self.sold,
            month=self.month,
            month_grant=self.month_grant,
            month_spent=self.spent,
            given_total=self.given,
            expired_total=self.expired,
        )

    def begin(self, month: str) -> None:
        """Take the old grant and give the new one, where another month has begun."""
        if month > self.month:
            self.expired += self.granted
            self.month, self.month_grant, self.granted = month, self.monthly, self.monthly
            self.given += self.monthly
            self.spent = self.spent_of_sold = 0

    def spend(self) -> None:
        """Take a token: one that would end first."""
        if self.granted:
            self.granted -= 1
        else:
            self.sold -= 1
            self.spent_of_sold += 1
        self.spent += 1

    def give_back(self, spent_in: str, today: str) -> None:
        """Put a token back where this month's spending took it from, or among those sold."""
        if not spent_in == today == self.month:
            self.sold += 1
            return
        self.spent -= 1
        if self.spent_of_sold:
            self.spent_of_sold -= 1
            self.sold += 1
        else:
            self.granted += 1

    def top_up(self, tokens: int) -> None:
        """Add tokens that were sold."""
        self.sold += tokens
        self.given += tokens


@dataclass
class MemoryLedger:
    """Jobs, accounts, open records and callbacks."""

    clock: HandClock
    accounts: dict[str, Account] = field(default_factory=dict)
    purses: dict[str, Purse] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    usage: dict[tuple[str, str], Usage] = field(default_factory=dict)
    keys: dict[str, IdempotencyRecord] = field(default_factory=dict)
    due: dict[Record, float] = field(default_factory=dict)
    used_uploads: set[str] = field(default_factory=set)
    cursor: str = ""

    # ------------------------------------------------------------- accounts

    def add_account(self, account: Account) -> None:
        self.accounts[account.account_id] = account
        self.purses[account.account_id] = Purse.of(account)

    def top_up(self, account_id: str, tokens: int) -> None:
        self.purses[account_id].top_up(tokens)

    def read_account(self, account_id: str) -> Account | None:
        account = self.accounts.get(account_id)
        if account is None:
            return None
        balance = self.purses[account_id].as_balance()
        return replace(account, balance=balance, month=calendar_month(self.clock.now()))

    def read_usage(self, account_id: str) -> list[Usage]:
        return self._read_periods(account_id, len("2026-11"))

    def read_days(self, account_id: str, month: str) -> list[Usage]:
        days = self._read_periods(account_id, len("2026-11-24"))
        return [usage for usage in days if usage.month == month]

    def _read_periods(self, account_id: str, characters: int) -> list[Usage]:
        own = [
            usage
            for (owner, period), usage in self.usage.items()
            if owner == account_id and len(period) == characters
        ]
        return sorted(own, key=lambda usage: usage.day or usage.month, reverse=True)

    # ------------------------------------------------------------- jobs

    def create(
        self, job: Job, *, account: Account, idempotency: IdempotencyRecord | None = None
    ) -> None:
        if idempotency and self.find_by_key(idempotency.key_hash, now=job.created_at):
            raise KeyUsedError
        if account.account_id not in self.accounts:
            raise NoTokensLeftError
        purse = replace(self.purses[account.account_id])
        purse.begin(calendar_month(self.clock.now()))
        is_unlimited = self.accounts[account.account_id].is_unlimited
        if not is_unlimited and purse.granted + purse.sold < job.paid_images:
            raise NoTokensLeftError
        if job.job_id in self.jobs:
            raise IdTakenError
        if not is_unlimited:
            for _ in range(job.paid_images):
                purse.spend()
            self.purses[account.account_id] = purse
        if idempotency:
            self.keys[idempotency.key_hash] = idempotency
        images = tuple(
            replace(
                image,
                charged_tokens=int(not is_unlimited and not image.is_free),
                charged_month=purse.month,
            )
            for image in job.images
        )
        self.jobs[job.job_id] = replace(job, images=images)
        self.used_uploads |= job.direct_uploads
        for image in job.images:
            self.due[job.job_id, image.index] = job.created_at + FIRST_LOOK_SECONDS
        if job.callback:
            self.due[job.job_id, None] = job.created_at + FIRST_CALLBACK_LOOK_SECONDS

    def find_by_key(self, key_hash: str, *, now: float) -> IdempotencyRecord | None:
        found = self.keys.get(key_hash)
        return found if found and found.expires_at > now else None

    def read(self, job_id: int) -> Job | None:
        return self.jobs.get(job_id)

    def claim(
        self, task: ImageTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> Image | None:
        image = self._image(task)
        if image is None or image.state.is_final:
            return None
        if image.state is ImageState.RUNNING and image.lease_ends_at > now:
            raise LeaseLostError
        claimed = replace(
            image,
            state=ImageState.RUNNING,
            lease_id=lease_id,
            lease_ends_at=lease_ends_at,
            attempts=image.attempts + 1,
        )
        self._put(claimed)
        return claimed

    def settle(self, image: Image, *, state: ImageState, outcome: Outcome, now: float) -> None:
        found = self._image(ImageTask(image.job_id, image.index))
        is_held = found is not None and found.state is ImageState.RUNNING
        if found is None or not is_held or found.lease_id != image.lease_id:
            raise LeaseLostError
        self._end(found, state, outcome, now)

    def fail(self, task: ImageTask, *, reason: str, now: float) -> bool:
        image = self._image(task)
        if image is None or image.state.is_final:
            return False
        if image.state is ImageState.RUNNING and image.lease_ends_at > now:
            raise LeaseLostError
        kind = format_by_name(image.file_name)
        outcome = Outcome(original_bytes=0, format=kind, reason=reason)
        self._end(image, ImageState.FAILED, outcome, now)
        return True

    def _end(self, image: Image, state: ImageState, outcome: Outcome, now: float) -> None:
        self._put(replace(image, state=state, outcome=outcome, lease_id=None, lease_ends_at=0.0))
        self.due.pop((image.job_id, image.index), None)
        if outcome.main is None and image.charged_tokens:
            self.purses[image.account_id].give_back(image.charged_month, calendar_month(now))
        month, day = calendar_month(now), datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        self._count(image, Usage(month=month), outcome, state)
        self._count(image, Usage(month=month, day=day), outcome, state)

    def _count(self, image: Image, none: Usage, outcome: Outcome, state: ImageState) -> None:
        key = image.account_id, none.day or none.month
        before = self.usage.get(key, none)
        if image.is_free:
            failed = before.failed_images + (state is ImageState.FAILED)
            self.usage[key] = replace(before, failed_images=failed)
            return
        main = outcome.main
        saved_percent = _saved_percent(outcome)
        self.usage[key] = replace(
            before,
            images=before.images + 1,
            optimized_images=before.optimized_images + (1 if main else 0),
            failed_images=before.failed_images + (state is ImageState.FAILED),
            charged_tokens=before.charged_tokens + (image.charged_tokens if main else 0),
            bytes_in=before.bytes_in + outcome.original_bytes,
            bytes_out=before.bytes_out + (main.bytes if main else outcome.original_bytes),
            images_by_type=Counter(before.images_by_type) + Counter([_tell_type(outcome)]),
            saved_percent_sum=round(before.saved_percent_sum + saved_percent, 2),
            best_saved_percent=max(before.best_saved_percent, int(saved_percent)),
        )

    def _image(self, task: ImageTask) -> Image | None:
        job = self.jobs.get(task.job_id)
        return job.images[task.index] if job else None

    def _put(self, image: Image) -> None:
        job = self.jobs[image.job_id]
        images = tuple(image if old.index == image.index else old for old in job.images)
        self.jobs[job.job_id] = replace(job, images=images)

    # ------------------------------------------------------------- open records

    def find_due(self, *, now: float) -> Iterator[OpenRecord]:
        for (job_id, index), due_at in list(self.due.items()):
            if due_at <= now:
                yield OpenRecord(job_id=job_id, index=index, due_at=due_at)

    def postpone(self, record: OpenRecord, *, due_at: float) -> None:
        if (record.job_id, record.index) not in self.due:
            return
        self.due[record.job_id, record.index] = due_at
        job = self.jobs[record.job_id]
        if record.index is None:
            self.jobs[record.job_id] = replace(job, looks=job.looks + 1)
        else:
            image = job.images[record.index]
            self._put(replace(image, looks=image.looks + 1))

    def is_recorded(self, job_id: int) -> bool:
        return job_id in self.jobs

    def is_used(self, object_key: str) -> bool:
        return object_key in self.used_uploads

    def read_cursor(self) -> str:
        return self.cursor

    def write_cursor(self, object_key: str) -> None:
        self.cursor = object_key

    # ------------------------------------------------------------- callbacks

    def claim_callback(
        self, task: CallbackTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> bool:
        callback = self.jobs[task.job_id].callback
        if callback is None or not callback.is_pending or callback.attempts != task.attempts:
            return False
        if callback.lease_id and callback.lease_ends_at > now:
            raise LeaseLostError
        self._put_callback(
            task.job_id, replace(callback, lease_id=lease_id, lease_ends_at=lease_ends_at)
        )
        return True

    def log_delivery(
        self,
        job_id: int,
        *,
        lease_id: str,
        delivery: Delivery,
        state: CallbackState,
        due_at: float | None,
    ) -> None:
        callback = self.jobs[job_id].callback
        if callback is None or not callback.is_pending or callback.lease_id != lease_id:
            raise LeaseLostError
        self._put_callback(
            job_id,
            replace(
                callback,
                state=state,
                attempts=callback.attempts + 1,
                lease_id=None,
                lease_ends_at=0.0,
                deliveries=(*callback.deliveries, delivery),
            ),
        )
        if due_at is None:
            self.due.pop((job_id, None), None)
        else:
            self.due[job_id, None] = due_at

    def _put_callback(self, job_id: int, callback: Callback) -> None:
        self.jobs[job_id] = replace(self.jobs[job_id], callback=callback)


def _tell_type(outcome: Outcome) -> str:
    return outcome.original_format or "other"


def _saved_percent(outcome: Outcome) -> float:
    if outcome.main is None:
        return 0.0
    return round(100 * (1 - outcome.main.bytes / outcome.original_bytes), 2)


@dataclass
class MemoryAccounts:
    """The accounts of a ledger, as the services read them."""

    ledger: MemoryLedger

    def read(self, account_id: str) -> Account | None:
        return self.ledger.read_account(account_id)

    def read_usage(self, account_id: str) -> list[Usage]:
        return self.ledger.read_usage(account_id)

    def read_days(self, account_id: str, month: str) -> list[Usage]:
        return self.ledger.read_days(account_id, month)
