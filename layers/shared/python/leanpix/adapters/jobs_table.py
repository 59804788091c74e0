"""Jobs in DynamoDB: charging, claiming and settling are one conditional write each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from leanpix.adapters.items import (
    Item,
    from_item,
    image_from_values,
    image_key,
    job_from_items,
    job_to_items,
    outcome_to_value,
    to_item,
)
from leanpix.adapters.transactions import ConditionRefusedError, write_transaction
from leanpix.contract import UNLIMITED_TOKENS
from leanpix.domain.jobs import Image, ImageState, Job, Outcome
from leanpix.services.ports import IdTakenError, LeaseLostError, NoTokensLeftError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from leanpix.domain.tasks import ImageTask

ACCOUNT_PART: Final = "account"
USAGE_PREFIX: Final = "usage#"


def usage_part(now: float) -> str:
    """Return the sort key of an account's counters for the month, such as ``usage#2026-11``."""
    return f"{USAGE_PREFIX}{datetime.fromtimestamp(now, UTC):%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsTable:
    """The jobs table, and the account items that its transactions touch."""

    client: DynamoDBClient
    jobs_table: str
    accounts_table: str

    def create(self, job: Job) -> None:
        """Record a job and charge its images, both or neither."""
        actions: list[Any] = [
            {
                "Put": {
                    "TableName": self.jobs_table,
                    "Item": item,
                    "ConditionExpression": "attribute_not_exists(job_id)",
                }
            }
            for item in job_to_items(job)
        ]
        charge = sum(image.charged_tokens for image in job.images)
        actions.append(self._charge(job.account_id, charge))
        try:
            write_transaction(self.client, actions)
        except ConditionRefusedError as error:
            if len(actions) - 1 in error.positions:
                raise NoTokensLeftError from None
            raise IdTakenError from None

    def read(self, job_id: int) -> Job | None:
        """Return a job with its images, as last written."""
        answer = self.client.query(
            TableName=self.jobs_table,
            KeyConditionExpression="job_id = :job_id",
            ExpressionAttributeValues=to_item({":job_id": str(job_id)}),
            ConsistentRead=True,
        )
        return job_from_items(answer["Items"])

    def claim(
        self, task: ImageTask, *, lease_id: str, now: float, lease_ends_at: float
    ) -> Image | None:
        """Take a queued image, or one whose lease ended, and count the attempt."""
        try:
            answer = self.client.update_item(
                TableName=self.jobs_table,
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
        end = self._end(
            image.job_id,
            image.index,
            state=state,
            outcome=outcome,
            condition="#state = :running AND lease_id = :lease",
            values={":running": ImageState.RUNNING.value, ":lease": image.lease_id},
        )
        refund = image.charged_tokens if outcome.main is None else 0
        try:
            self._write_end(end, image.account_id, outcome, refund=refund, now=now)
        except ConditionRefusedError:
            raise LeaseLostError from None

    def fail(self, task: ImageTask, *, reason: str, now: float) -> bool:
        """End an image as failed, whoever holds it, and refund it; False if it had ended."""
        answer = self.client.get_item(
            TableName=self.jobs_table, Key=image_key(task.job_id, task.index), ConsistentRead=True
        )
        if "Item" not in answer:
            return False
        image = image_from_values(from_item(answer["Item"]))
        outcome = Outcome(
            original_bytes=0,
            format=image.file_name.rpartition(".")[2].lower(),
            reason=reason,
            is_refused=True,
        )
        end = self._end(
            task.job_id,
            task.index,
            state=ImageState.FAILED,
            outcome=outcome,
            condition="#state IN (:queued, :running)",
            values={":queued": ImageState.QUEUED.value, ":running": ImageState.RUNNING.value},
        )
        try:
            self._write_end(end, image.account_id, outcome, refund=image.charged_tokens, now=now)
        except ConditionRefusedError:
            return False
        return True

    def _write_end(
        self, end: Item, account_id: str, outcome: Outcome, *, refund: int, now: float
    ) -> None:
        actions = [end, self._count_usage(account_id, outcome, now)]
        if refund:
            actions.append(self._refund(account_id, refund))
        try:
            write_transaction(self.client, actions)
        except ConditionRefusedError as error:
            # An account that is gone or became unlimited has nothing to be given back.
            if error.positions != (2,):
                raise
            write_transaction(self.client, actions[:2])

    def _end(
        self,
        job_id: int,
        index: int,
        *,
        state: ImageState,
        outcome: Outcome,
        condition: str,
        values: dict[str, Any],
    ) -> Item:
        return {
            "Update": {
                "TableName": self.jobs_table,
                "Key": image_key(job_id, index),
                # The password of a source lives no longer than the work on it.
                "UpdateExpression": "SET #state = :state, outcome = :outcome"
                " REMOVE lease_id, lease_ends_at, #source.credentials",
                "ConditionExpression": condition,
                "ExpressionAttributeNames": {"#state": "state", "#source": "source"},
                "ExpressionAttributeValues": {
                    **to_item({":state": state.value, **values}),
                    ":outcome": outcome_to_value(outcome),
                },
            }
        }

    def _charge(self, account_id: str, tokens: int) -> Item:
        condition = "tokens >= :tokens" if tokens else "tokens = :unlimited"
        values = {":tokens": tokens} if tokens else {":unlimited": UNLIMITED_TOKENS}
        key = to_item({"account_id": account_id, "part": ACCOUNT_PART})
        shared = {
            "TableName": self.accounts_table,
            "Key": key,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_item(values),
        }
        if not tokens:
            return {"ConditionCheck": shared}
        return {"Update": {**shared, "UpdateExpression": "SET tokens = tokens - :tokens"}}

    def _refund(self, account_id: str, tokens: int) -> Item:
        return {
            "Update": {
                "TableName": self.accounts_table,
                "Key": to_item({"account_id": account_id, "part": ACCOUNT_PART}),
                "UpdateExpression": "SET tokens = tokens + :tokens",
                "ConditionExpression": "tokens >= :zero",
                "ExpressionAttributeValues": to_item({":tokens": tokens, ":zero": 0}),
            }
        }

    def _count_usage(self, account_id: str, outcome: Outcome, now: float) -> Item:
        counted = {
            ":images": 1,
            ":kept": 1 if outcome.main else 0,
            ":bytes_in": outcome.original_bytes,
            ":bytes_out": outcome.main.bytes if outcome.main else outcome.original_bytes,
        }
        return {
            "Update": {
                "TableName": self.accounts_table,
                "Key": to_item({"account_id": account_id, "part": usage_part(now)}),
                "UpdateExpression": "ADD images :images, optimized_images :kept,"
                " bytes_in :bytes_in, bytes_out :bytes_out",
                "ExpressionAttributeValues": to_item(counted),
            }
        }
