"""Keep what the sweeper needs in the jobs table: open records, used uploads, its cursor."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from leanpix.adapters.dynamodb.items import (
    JOB_PART,
    Item,
    from_item,
    image_key,
    job_key,
    parse_image_part,
    to_item,
)
from leanpix.adapters.dynamodb.jobs import used_upload_key
from leanpix.contract import OPEN_RECORDS_INDEX, OPEN_SHARDS, MetricName
from leanpix.domain.recovery import LONGEST_PAUSE_SECONDS, OpenRecord
from leanpix.metrics import count
from leanpix.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CURSOR_KEY: Final = to_item({"job_id": "sweeper", "part": "uploads"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecordsTable:
    """The jobs table, by its index of open records."""

    client: DynamoDBClient
    table: str

    def find_due(self, *, now: float) -> Iterator[OpenRecord]:
        """Return what should have ended, or been looked at, by now.

        Begins with any shard: where the time does not suffice for all, none is always the last.
        """
        pages = self.client.get_paginator("query")
        for shard in random.sample(range(OPEN_SHARDS), OPEN_SHARDS):
            for page in pages.paginate(
                TableName=self.table,
                IndexName=OPEN_RECORDS_INDEX,
                KeyConditionExpression="open_shard = :shard AND due_at <= :now",
                ExpressionAttributeValues=to_item({":shard": str(shard), ":now": now}),
            ):
                for item in page["Items"]:
                    try:
                        yield _record_from(item)
                    except ValueError:
                        self._put_off_unreadable(item, now)

    def postpone(self, record: OpenRecord, *, due_at: float) -> None:
        """Have a record looked at later, and count the look; one that has ended stays ended."""
        job_id, index = record.job_id, record.index
        self._postpone(job_key(job_id) if index is None else image_key(job_id, index), due_at)

    def _put_off_unreadable(self, item: Item, now: float) -> None:
        key = {"job_id": item["job_id"], "part": item["part"]}
        logger.error("unreadable record", key=key)
        count(MetricName.UNREADABLE_RECORDS)
        self._postpone(key, now + LONGEST_PAUSE_SECONDS)

    def _postpone(self, key: Item, due_at: float) -> None:
        try:
            self.client.update_item(
                TableName=self.table,
                Key=key,
                UpdateExpression="SET due_at = :due ADD looks :one",
                ConditionExpression="attribute_exists(open_shard)",
                ExpressionAttributeValues=to_item({":due": due_at, ":one": 1}),
            )
        except self.client.exceptions.ConditionalCheckFailedException:
            return

    def is_recorded(self, job_id: int) -> bool:
        """Return whether there is such a job."""
        return self._exists(job_key(job_id))

    def is_used(self, object_key: str) -> bool:
        """Return whether a job was made of a direct upload."""
        return self._exists(used_upload_key(object_key))

    def read_cursor(self) -> str:
        """Return up to which object uploads have been swept; empty at first."""
        answer = self.client.get_item(TableName=self.table, Key=_CURSOR_KEY)
        return str(from_item(answer.get("Item", {})).get("object_key", ""))

    def write_cursor(self, object_key: str) -> None:
        """Remember up to which object uploads have been swept."""
        self.client.update_item(
            TableName=self.table,
            Key=_CURSOR_KEY,
            UpdateExpression="SET object_key = :key",
            ExpressionAttributeValues=to_item({":key": object_key}),
        )

    def _exists(self, key: Item) -> bool:
        answer = self.client.get_item(
            TableName=self.table, Key=key, ConsistentRead=True, ProjectionExpression="job_id"
        )
        return "Item" in answer


def _record_from(item: Item) -> OpenRecord:
    """Return the record of an item in the index.

    Raises:
        ValueError: its key is none of ours.
    """
    values = from_item(item)
    part = str(values["part"])
    return OpenRecord(
        job_id=int(values["job_id"]),
        index=None if part == JOB_PART else parse_image_part(part),
        due_at=float(values["due_at"]),
    )
