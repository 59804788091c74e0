"""List the jobs of an account by an index of the jobs table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leanpix.adapters.dynamodb.items import from_item, job_key, to_item
from leanpix.contract import JOBS_BY_ACCOUNT_INDEX
from leanpix.domain.jobs import JobPlace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListTable:
    """The index of jobs by account and age. It holds keys alone: the jobs are read by theirs."""

    client: DynamoDBClient
    table: str

    def list_jobs(
        self, account_id: str, *, since: float, until: float, after: JobPlace | None, limit: int
    ) -> list[JobPlace]:
        """Return the places of jobs made between two times, the newest first."""
        start: dict[str, Any] = {}
        if after is not None:
            index_key = to_item({"account_id": account_id, "created_at": after.created_at})
            start["ExclusiveStartKey"] = {**job_key(after.job_id), **index_key}
        answer = self.client.query(
            TableName=self.table,
            IndexName=JOBS_BY_ACCOUNT_INDEX,
            KeyConditionExpression="account_id = :account"
            " AND created_at BETWEEN :since AND :until",
            ExpressionAttributeValues=to_item(
                {":account": account_id, ":since": since, ":until": until}
            ),
            ScanIndexForward=False,
            Limit=limit,
            **start,
        )
        items = map(from_item, answer["Items"])
        return [JobPlace(float(item["created_at"]), int(item["job_id"])) for item in items]
