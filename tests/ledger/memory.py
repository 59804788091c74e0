"""The ledger in memory: the promises of the adapters in as few lines as they take."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from leanpix.domain.accounts import Account, Usage
from leanpix.domain.callbacks import Callback, CallbackState, Delivery
from leanpix.domain.jobs import Image, ImageState, Job, Outcome
from leanpix.domain.ledger import Balance, month_of
from leanpix.domain.recovery import (
    FIRST_CALLBACK_LOOK_SECONDS,
    FIRST_LOOK_SECONDS,
    OpenRecord,
)
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.ports import (
    IdTakenError,
    KeyUsedError,
    LeaseLostError,
    NoTokensLeftError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leanpix.domain.idempotency import IdempotencyRecord
    from tests.ledger.fakes import HandClock

Record = tuple[int, int | None]
"""An image, or with no index a job's callback."""


@dataclass
class MemoryLedger:
    """Jobs, accounts, open records and callbacks."""

    clock: HandClock
    accounts: dict[str, Account] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    usage: dict[tuple[str, str], Usage] = field(default_factory=dict)
    keys: dict[str, IdempotencyRecord] = field(default_factory=dict)
    due: dict[Record, float] = field(default_factory=dict)
    used_uploads: set[str] = field(default_factory=set)
    cursor: str = ""

    # ------------------------------------------------------------- accounts

    def add_account(self, account: Account) -> None:
        self.accounts[account.account_id] = account

    def top_up(self, account_id: str, tokens: int) -> None:
        account = self.accounts[account_id]
        self._keep(account, account.balance.top_up(tokens))

    def read_account(self, account_id: str) -> Account | None:
        account = self.accounts.get(account_id)
        return replace(account, month=month_of(self.clock.now())) if account else None

    def read_usage(self, account_id: str) -> list[Usage]:
        own = [usage for key, usage in self.usage.items() if key[0] == account_id]
        return sorted(own, key=lambda usage: usage.month, reverse=True)

    def _keep(self, account: Account, balance: Balance) -> None:
        self.accounts[account.account_id] = replace(account, balance=balance)

    # ------------------------------------------------------------- jobs

    def create(
        self, job: Job, *, account: Account, idempotency: IdempotencyRecord | None = None
    ) -> None:
        current = self.read_account(account.account_id)
        if idempotency and self.find_by_key(idempotency.key_hash, now=job.created_at):
            raise KeyUsedError
        if current is None or not current.can_pay(len(job.images)):
            raise NoTokensLeftError
        if job.job_id in self.jobs:
            raise IdTakenError
        price = 0 if current.is_unlimited else 1
        balance = current.current.charge(price * len(job.images))
        if price:
            self._keep(current, balance)
        if idempotency:
            self.keys[idempotency.key_hash] = idempotency
        self.jobs[job.job_id] = job.price(tokens=price, month=balance.month)
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
        kind = image.file_name.rpartition(".")[2].lower()
        outcome = Outcome(original_bytes=0, format=kind, reason=reason)
        self._end(image, ImageState.FAILED, outcome, now)
        return True

    def _end(self, image: Image, state: ImageState, outcome: Outcome, now: float) -> None:
        self._put(replace(image, state=state, outcome=outcome, lease_id=None, lease_ends_at=0.0))
        self.due.pop((image.job_id, image.index), None)
        account = self.accounts[image.account_id]
        if outcome.main is None and image.charged_tokens:
            charged = image.charged_month
            refunded = account.balance.refund(image.charged_tokens, charged_month=charged)
            self._keep(account, refunded)
        key = image.account_id, month_of(now)
        before = self.usage.get(key, Usage(month=key[1]))
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
