"""Names that infrastructure and code share: variables, metrics, storage, outputs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

APP_VERSION: Final = "0.1.0"


class EnvironmentName(StrEnum):
    """The environment variables that infrastructure sets for the functions."""

    BASE_URL = "LEANPIX_BASE_URL"
    """The root URL of the API for clients, without a slash at the end."""
    SITE_URL = "LEANPIX_SITE_URL"
    """The operator's site, named in error texts."""
    JOBS_TABLE = "LEANPIX_JOBS_TABLE"
    KEYS_TABLE = "LEANPIX_KEYS_TABLE"
    ACCOUNTS_TABLE = "LEANPIX_ACCOUNTS_TABLE"
    BUCKET = "LEANPIX_BUCKET"
    STORE_URL = "LEANPIX_STORE_URL"
    """The bucket's URL, which the console may call and show images from."""
    IMAGES_QUEUE_URL = "LEANPIX_IMAGES_QUEUE_URL"
    CALLBACKS_QUEUE_URL = "LEANPIX_CALLBACKS_QUEUE_URL"
    CALLBACKS_DEAD_LETTER_QUEUE_URL = "LEANPIX_CALLBACKS_DEAD_LETTER_QUEUE_URL"
    STACK_NAME = "LEANPIX_STACK_NAME"
    """The name of the stack, with which the names of its usage plans begin."""
    INTEGRATION_TIMEOUT_SECONDS = "LEANPIX_INTEGRATION_TIMEOUT_SECONDS"
    RETENTION_DAYS = "LEANPIX_RETENTION_DAYS"
    MIN_SAVED_PERCENT = "LEANPIX_MIN_SAVED_PERCENT"
    FETCH_ALLOW_LOOPBACK = "LEANPIX_FETCH_ALLOW_LOOPBACK"
    """Lets the fetcher reach 127.0.0.1, in the local cloud only; no template has it."""


class MetricName(StrEnum):
    """The metrics that the functions add to those of AWS (docs/operations.md)."""

    IMAGE_SECONDS = "ImageSeconds"
    """The time of an ended image in the optimizer, by format and level."""
    BYTES_SAVED = "BytesSaved"
    """The bytes saved, by format and level."""
    IMAGES_KEPT = "ImagesKept"
    """Images that were not made smaller, by reason."""
    IMAGES_FAILED = "ImagesFailed"
    """Images that failed for a fault of the service, by reason."""
    QUEUE_SECONDS = "QueueSeconds"
    """The time that a message waited, by the function that received it."""
    INTERNAL_ERRORS = "InternalErrors"
    """Requests and messages that ended in an unexpected exception."""
    WAITS_TIMED_OUT = "WaitsTimedOut"
    """Held polls that ran out of time: a 504, but no fault."""
    SWEEPER_FINDS = "SweeperFinds"
    """Records that the sweeper had to send again, give up or announce."""
    LEDGER_ANOMALIES = "LedgerAnomalies"
    """Cases in which tokens and images may not agree."""
    UNREADABLE_RECORDS = "UnreadableRecords"
    """Records that the sweeper could not look at, and put off."""
    CALLBACKS = "Callbacks"
    """Tries to call back, by the state of the callback after the try."""


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's metrics in CloudWatch."""
    return f"Leanpix/{stage}"


CORRELATION_ATTRIBUTE: Final = "correlation_id"
"""The attribute of every message that holds the id of the API request behind it."""


KEYS_BY_ACCOUNT_INDEX: Final = "by_account"
"""The global secondary index of the keys table; its partition key is `account_id`."""
JOBS_BY_ACCOUNT_INDEX: Final = "by_account"
"""The global secondary index of the jobs in the jobs table; its partition key is `account_id`, its
sort key `created_at`, which only the item of a job has."""
OPEN_RECORDS_INDEX: Final = "open_records"
"""The global secondary index of the open records in the jobs table; its partition key is
`open_shard`, its sort key `due_at`. A record leaves this sparse index when it ends."""
OPEN_SHARDS: Final = 16
"""The number of partitions over which open records are spread, so that none is hot."""
TTL_ATTRIBUTE: Final = "expires_at"
"""The attribute of the jobs table that holds the expiry in epoch seconds."""
UPLOADS_PREFIX: Final = "uploads/"
RESULTS_PREFIX: Final = "results/"
"""The prefixes of keys in the bucket; objects under both expire after the retention."""


class OutputName(StrEnum):
    """The outputs of the deployed stack, which the command line reads."""

    BASE_URL = "BaseUrl"
    REST_API_ID = "RestApiId"
    JOBS_TABLE = "JobsTable"
    KEYS_TABLE = "KeysTable"
    ACCOUNTS_TABLE = "AccountsTable"
    BUCKET = "Bucket"
    IMAGES_QUEUE_URL = "ImagesQueueUrl"
    DEAD_LETTER_QUEUE_URL = "DeadLetterQueueUrl"
    CALLBACKS_QUEUE_URL = "CallbacksQueueUrl"
    CALLBACKS_DEAD_LETTER_QUEUE_URL = "CallbacksDeadLetterQueueUrl"
    STAGE_URL = "StageUrl"
    DOMAIN_TARGET = "DomainTarget"
    """The target for the DNS record of a custom domain."""
    DISTRIBUTION_ID = "DistributionId"
    ALARM_TOPIC = "AlarmTopic"
    DASHBOARD_URL = "DashboardUrl"


def usage_plan_name(stack: str, plan: str) -> str:
    """Return the name of a plan's usage plan in API Gateway."""
    return f"{stack}-{plan}"


def usage_plan_output(plan: str) -> str:
    """Return the name of the output that holds the id of a plan's usage plan."""
    return f"UsagePlanId{plan.capitalize()}"


AWS_REGIONS: Final = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""The Regions of the partition `aws`, whose S3 hosts are `s3.<Region>.amazonaws.com`. A result is
stored for a client in no other place, so that a client names no host."""


def stack_name(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack."""
    return f"leanpix-{stage}"
