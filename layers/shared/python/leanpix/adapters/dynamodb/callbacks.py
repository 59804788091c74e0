"""Keep callbacks in the jobs table: their claims, their tries and their states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from leanpix.adapters.dynamodb.items import Item, delivery_to_value, from_item, job_key, to_item
from leanpix.domain.callbacks import CallbackState, Delivery
from leanpix.domain.recovery import shard_of
from leanpix.services.ports import LeaseLostError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.domain.tasks import CallbackTask


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksTable:
    """The callbacks in the items of the jobs."""

    client: DynamoDBClient
    table: str

    def claim_callback(
        self, task: CallbackTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> bool:
        """Take a callback that is owed after so many tries; False where it is not, or no more."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=job_key(task.job_id),
                UpdateExpression="SET callback_lease_id = :lease, callback_lease_ends_at = :ends",
                ConditionExpression="callback_state = :pending AND callback_attempts = :attempts"
                " AND (attribute_not_exists(callback_lease_ends_at)"
                " OR callback_lease_ends_at <= :now)",
                ExpressionAttributeValues=to_item(
                    {
                        ":pending": CallbackState.PENDING.value,
                        ":attempts": task.attempts,
                        ":lease": lease_id,
                        ":ends": lease_ends_at,
                        ":now": now,
                    }
                ),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            found = from_item(cast("Item", error.response.get("Item", {})))
            is_owed = found.get("callback_state") == CallbackState.PENDING.value
            if is_owed and found["callback_attempts"] == task.attempts:
                raise LeaseLostError from None
            return False
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
        """Record a try, and where the callback stands after it."""
        values: dict[str, Any] = {
            ":state": state.value,
            ":pending": CallbackState.PENDING.value,
            ":lease": lease_id,
            ":one": 1,
            ":none": [],
            ":delivery": [delivery_to_value(delivery)],
        }
        update = (
            "SET callback_state = :state,"
            " deliveries = list_append(if_not_exists(deliveries, :none), :delivery)"
        )
        removed = "callback_lease_id, callback_lease_ends_at"
        if due_at is None:
            removed += ", open_shard, due_at"
        else:
            values[":due"] = due_at
            update += ", due_at = :due"
        try:
            self.client.update_item(
                TableName=self.table,
                Key=job_key(job_id),
                UpdateExpression=f"{update} REMOVE {removed} ADD callback_attempts :one",
                ConditionExpression="callback_state = :pending AND callback_lease_id = :lease",
                ExpressionAttributeValues=to_item(values),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            raise LeaseLostError from None

    def resend_callback(self, job_id: int, *, now: float, due_at: float) -> bool:
        """Owe a callback again from its first try; return False where one is being sent."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=job_key(job_id),
                UpdateExpression="SET callback_state = :pending, callback_attempts = :zero,"
                " open_shard = :shard, due_at = :due",
                ConditionExpression="attribute_exists(callback_url)"
                " AND (attribute_not_exists(callback_lease_ends_at)"
                " OR callback_lease_ends_at <= :now)",
                ExpressionAttributeValues=to_item(
                    {
                        ":pending": CallbackState.PENDING.value,
                        ":zero": 0,
                        ":shard": shard_of(job_id),
                        ":due": due_at,
                        ":now": now,
                    }
                ),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def reopen_callback(self, job_id: int, *, due_at: float) -> bool:
        """Owe a callback again that no try delivered; False where it did not fail."""
        try:
            self.client.update_item(
                TableName=self.table,
                Key=job_key(job_id),
                UpdateExpression="SET callback_state = :pending, callback_attempts = :zero,"
                " open_shard = :shard, due_at = :due",
                ConditionExpression="callback_state = :failed",
                ExpressionAttributeValues=to_item(
                    {
                        ":pending": CallbackState.PENDING.value,
                        ":failed": CallbackState.FAILED.value,
                        ":zero": 0,
                        ":shard": shard_of(job_id),
                        ":due": due_at,
                    }
                ),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
