"""Keep jobs in DynamoDB: a charge, a claim and a settlement are one conditional write each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.exceptions import BotoCoreError, ClientError

from leanpix.adapters.dynamodb.account_items import charge_action
from leanpix.adapters.dynamodb.items import (
    Item,
    from_item,
    image_from_values,
    image_key,
    job_from_items,
    job_to_items,
    outcome_to_value,
    to_item,
)
from leanpix.adapters.dynamodb.purse_items import purse_charge_action, refund_action
from leanpix.adapters.dynamodb.transactions import (
    ConditionRefusedError,
    Spread,
    write_spread,
)
from leanpix.adapters.dynamodb.usage_items import usage_action
from leanpix.contract import TTL_ATTRIBUTE, format_by_name
from leanpix.domain.idempotency import IdempotencyRecord
from leanpix.domain.jobs import Image, ImageState, Job, Outcome
from leanpix.domain.ledger import day_of
from leanpix.domain.settlement import settle
from leanpix.observability import logger
from leanpix.services.ports import (
    AnswerLostError,
    DeadlineError,
    IdTakenError,
    KeyUsedError,
    LeaseLostError,
    NoTokensLeftError,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.adapters.dynamodb.accounts import AccountsTable
    from leanpix.domain.accounts import Account
    from leanpix.domain.tasks import ImageTask

IDEMPOTENCY_PART: Final = "idempotency"
_LEAST_FAULT_STATUS: Final = 500
"""The status from which on a fault is DynamoDB's own, and the write may have been done."""
MAX_CHARGE_TRIES: Final = 8
"""The number of tries of a charge. Between the read and the charge, an account that is charged
from many sides at once changes only as a month begins, as a purse is emptied, or as its last
tokens go."""
_BALANCE: Final = 0
"""The number, of those that a charge's spread picks, that stands for the account's own item; the
others are its purses'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReaderTable:
    """The jobs table, for reading."""

    client: DynamoDBClient
    table: str

    def read(self, job_id: int) -> Job | None:
        """Return a job with its images, as last written."""
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="job_id = :job_id",
            ExpressionAttributeValues=to_item({":job_id": str(job_id)}),
            ConsistentRead=True,
        )
        return job_from_items(item for page in pages for item in page["Items"])


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsTable(JobReaderTable):
    """The jobs table, and the account items that its transactions change."""

    accounts: AccountsTable
    charges: Spread = field(default_factory=Spread)
    """The items that charges of an account are spread over: its balance, and purses."""
    endings: Spread = field(default_factory=Spread)
    """The items that the counts and the refunds of ended images are spread over."""

    def create(
        self, job: Job, *, account: Account, idempotency: IdempotencyRecord | None = None
    ) -> None:
        """Record a job, charge its images and keep the client's key for it: all or nothing."""
        logger.append_keys(job_id=job.job_id)
        tokens = 0 if account.is_unlimited else job.paid_images
        current: Account | None = account
        spread = self.charges
        for _ in range(MAX_CHARGE_TRIES):
            if current is None or not current.can_pay_for(job.paid_images):
                raise NoTokensLeftError
            if current.current.month != current.balance.month:
                # A new grant is written to the balance alone, with nothing in purses.
                spread = Spread()
            refused = self._create(job, current, idempotency, spread)
            if refused is None:
                return
            if refused != _BALANCE and self.accounts.load_purse(current, tokens, number=refused):
                continue
            current, spread = self.accounts.gather(job.account_id), Spread()
        raise NoTokensLeftError

    def _create(
        self, job: Job, account: Account, idempotency: IdempotencyRecord | None, spread: Spread
    ) -> int | None:
        """Return the number of the item that cannot pay, or None where the job is recorded."""
        charged = job.charge_to(account)
        others: list[Any] = []
        if idempotency:
            others.append(self._keep_key(idempotency, now=job.created_at))
        others += [self._put_new(item) for item in job_to_items(charged)]
        others += [self._put(item) for item in _used_uploads(job)]
        picked = _BALANCE

        def make_actions(number: int) -> list[Any]:
            nonlocal picked
            picked = number
            return [*self._charge(account, charged.cost_tokens, number), *others]

        charges = 1 if charged.cost_tokens else 0
        try:
            write_spread(self.client, spread, make_actions)
        except ConditionRefusedError as error:
            if idempotency and charges in error.positions:
                raise KeyUsedError from None
            if charges and 0 in error.positions:
                return picked
            raise IdTakenError from None
        except (BotoCoreError, DeadlineError) as error:
            raise AnswerLostError from error
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] < _LEAST_FAULT_STATUS:
                raise
            raise AnswerLostError from error
        return None

    def _charge(self, account: Account, tokens: int, number: int) -> list[Item]:
        """Return the action that charges an account; none where there is nothing to charge."""
        table = self.accounts.table
        if not tokens:
            return []
        if number == _BALANCE:
            return [charge_action(table, account, tokens)]
        month = account.balance.month
        return [purse_charge_action(table, account.account_id, tokens, month=month, number=number)]

    def find_by_key(self, key_hash: str, *, now: float) -> IdempotencyRecord | None:
        """Return what a client's idempotency key led to, as long as it is remembered."""
        answer = self.client.get_item(
            TableName=self.table, Key=_idempotency_key(key_hash), ConsistentRead=True
        )
        values = from_item(answer.get("Item", {}))
        if not values or values[TTL_ATTRIBUTE] <= now:
            return None
        return IdempotencyRecord(
            key_hash=key_hash,
            fingerprint=values["fingerprint"],
            job_id=int(values["led_to"]),
            expires_at=float(values[TTL_ATTRIBUTE]),
        )

    def claim(
        self, task: ImageTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> Image | None:
        """Take a queued image, or one whose lease ended, and count the attempt."""
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key=image_key(task.job_id, task.index),
                UpdateExpression="SET #state = :running, lease_id = :lease,"
                " lease_ends_at = :ends ADD attempts :one",
                ConditionExpression="#state = :queued OR"
                " (#state = :running AND lease_ends_at <= :now)",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=to_item(
                    {
                        ":queued": ImageState.QUEUED.value,
                        ":running": ImageState.RUNNING.value,
                        ":lease": lease_id,
                        ":ends": lease_ends_at,
                        ":now": now,
                        ":one": 1,
                    }
                ),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            found = from_item(cast("Item", error.response.get("Item", {})))
            if found.get("state") == ImageState.RUNNING.value:
                raise LeaseLostError from None
            return None
        return image_from_values(from_item(answer["Attributes"]))

    def settle(self, image: Image, *, state: ImageState, outcome: Outcome, now: float) -> None:
        """End a claimed image: its outcome, the refund where nothing was gained, the usage."""
        condition = "#state = :running AND lease_id = :lease"
        values = {":running": ImageState.RUNNING.value, ":lease": image.lease_id}
        self._end(image, state, outcome, condition=condition, values=values, now=now)

    def fail(self, task: ImageTask, *, reason: str, now: float) -> bool:
        """End an image as failed and refund it, once; False if it had ended."""
        answer = self.client.get_item(
            TableName=self.table, Key=image_key(task.job_id, task.index), ConsistentRead=True
        )
        if "Item" not in answer:
            return False
        image = image_from_values(from_item(answer["Item"]))
        if image.state.is_final:
            return False
        outcome = Outcome(original_bytes=0, format=format_by_name(image.file_name), reason=reason)
        condition = "#state = :queued OR (#state = :running AND lease_ends_at <= :now)"
        values = {
            ":queued": ImageState.QUEUED.value,
            ":running": ImageState.RUNNING.value,
            ":now": now,
        }
        self._end(image, ImageState.FAILED, outcome, condition=condition, values=values, now=now)
        return True

    def _end(
        self,
        image: Image,
        state: ImageState,
        outcome: Outcome,
        *,
        condition: str,
        values: dict[str, Any],
        now: float,
    ) -> None:
        """Write the end of an image, if the condition holds.

        Raises:
            LeaseLostError: the condition does not hold.
        """
        accounts, account_id = self.accounts.table, image.account_id
        settlement = settle(image, state, outcome, day=day_of(now))
        ending = self._end_item(image, state, outcome, condition=condition, values=values)

        def make_actions(number: int) -> list[Item]:
            actions = [ending, usage_action(accounts, account_id, settlement.usage, number=number)]
            if settlement.refund:
                actions.append(
                    refund_action(accounts, account_id, settlement.refund, number=number)
                )
            return actions

        try:
            write_spread(self.client, self.endings, make_actions)
        except ConditionRefusedError:
            raise LeaseLostError from None

    def _end_item(
        self,
        image: Image,
        state: ImageState,
        outcome: Outcome,
        *,
        condition: str,
        values: dict[str, Any],
    ) -> Item:
        return {
            "Update": {
                "TableName": self.table,
                "Key": image_key(image.job_id, image.index),
                # The password of a source lives no longer than the work on it.
                "UpdateExpression": "SET #state = :state, outcome = :outcome REMOVE lease_id,"
                " lease_ends_at, open_shard, due_at, #source.credentials",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#state": "state", "#source": "source"},
                "ExpressionAttributeValues": {
                    **to_item({":state": state.value, **values}),
                    ":outcome": outcome_to_value(outcome),
                },
            }
        }

    def _keep_key(self, record: IdempotencyRecord, *, now: float) -> Item:
        values = {
            "fingerprint": record.fingerprint,
            "led_to": str(record.job_id),
            TTL_ATTRIBUTE: int(record.expires_at),
        }
        return {
            "Put": {
                "TableName": self.table,
                "Item": {**_idempotency_key(record.key_hash), **to_item(values)},
                "ConditionExpression": f"attribute_not_exists(job_id) OR {TTL_ATTRIBUTE} <= :now",
                "ExpressionAttributeValues": to_item({":now": now}),
            }
        }

    def _put_new(self, item: Item) -> Item:
        put = self._put(item)
        put["Put"]["ConditionExpression"] = "attribute_not_exists(job_id)"
        return put

    def _put(self, item: Item) -> Item:
        return {"Put": {"TableName": self.table, "Item": item}}


def used_upload_key(object_key: str) -> Item:
    """Return the primary key of the item that says that a direct upload is in use."""
    return to_item({"job_id": f"upload#{object_key}", "part": "used"})


def _used_uploads(job: Job) -> list[Item]:
    """Return what keeps the sweeper from deleting the direct uploads that a job is made of."""
    expiry = to_item({TTL_ATTRIBUTE: int(job.expires_at)})
    return [{**used_upload_key(key), **expiry} for key in sorted(job.direct_uploads)]


def _idempotency_key(key_hash: str) -> Item:
    return to_item({"job_id": f"idempotency#{key_hash}", "part": IDEMPOTENCY_PART})
