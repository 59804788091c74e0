"""Names that infrastructure and code share: variables, metrics, storage, outputs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

APP_VERSION: Final = "0.1.0"


class EnvironmentName(StrEnum):
    """Environment variables by which infrastructure tells the functions what they need."""

    BASE_URL = "LEANPIX_BASE_URL"
    """Under which clients reach the API, without a slash at the end."""
    SITE_URL = "LEANPIX_SITE_URL"
    """The operator's site, named in error texts."""
    JOBS_TABLE = "LEANPIX_JOBS_TABLE"
    KEYS_TABLE = "LEANPIX_KEYS_TABLE"
    ACCOUNTS_TABLE = "LEANPIX_ACCOUNTS_TABLE"
    BUCKET = "LEANPIX_BUCKET"
    IMAGES_QUEUE_URL = "LEANPIX_IMAGES_QUEUE_URL"
    CALLBACKS_QUEUE_URL = "LEANPIX_CALLBACKS_QUEUE_URL"
    CALLBACKS_DEAD_LETTER_QUEUE_URL = "LEANPIX_CALLBACKS_DEAD_LETTER_QUEUE_URL"
    INTEGRATION_TIMEOUT_SECONDS = "LEANPIX_INTEGRATION_TIMEOUT_SECONDS"
    RETENTION_DAYS = "LEANPIX_RETENTION_DAYS"
    MIN_SAVED_PERCENT = "LEANPIX_MIN_SAVED_PERCENT"
    FETCH_ALLOW_LOOPBACK = "LEANPIX_FETCH_ALLOW_LOOPBACK"
    """For the local cloud only: lets the fetcher reach 127.0.0.1. No template has it."""


class MetricName(StrEnum):
    """What the functions count beside what AWS counts by itself; docs/operations.md says why."""

    IMAGE_SECONDS = "ImageSeconds"
    """An ended image's time in the optimizer, by format and level; as many as images."""
    BYTES_SAVED = "BytesSaved"
    """By format and level."""
    IMAGES_KEPT = "ImagesKept"
    """Images that were not made smaller, by reason."""
    IMAGES_FAILED = "ImagesFailed"
    """Images that ended for a fault of ours, by reason."""
    QUEUE_SECONDS = "QueueSeconds"
    """How long a message waited, by the function that took it."""
    INTERNAL_ERRORS = "InternalErrors"
    """Requests and messages that ended in an exception nobody expected."""
    WAITS_TIMED_OUT = "WaitsTimedOut"
    """Held polls whose time was up: a 504, and no error."""
    SWEEPER_FINDS = "SweeperFinds"
    """Records that the sweeper had to send again, give up or announce."""
    LEDGER_ANOMALIES = "LedgerAnomalies"
    """Where tokens and images may not agree."""
    CALLBACKS = "Callbacks"
    """Tries to call back, by where the callback stood after it."""


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's metrics in CloudWatch."""
    return f"Leanpix/{stage}"


CORRELATION_ATTRIBUTE: Final = "correlation_id"
"""Attribute of every message: the id of the request that it goes back to."""


KEYS_BY_ACCOUNT_INDEX: Final = "by_account"
"""Global secondary index of the keys table: partition key ``account_id``."""
OPEN_RECORDS_INDEX: Final = "open_records"
"""Global secondary index of the jobs table, of what has not ended: partition key ``open_shard``,
sort key ``due_at``. Sparse: a record leaves it as it ends."""
OPEN_SHARDS: Final = 16
"""Over which open records are spread, so that no partition of the index is hot."""
TTL_ATTRIBUTE: Final = "expires_at"
"""Epoch seconds; in the jobs table."""
UPLOADS_PREFIX: Final = "uploads/"
RESULTS_PREFIX: Final = "results/"
"""Key prefixes in the bucket; both expire after the retention."""


class OutputName(StrEnum):
    """Outputs of the deployed stack, which the command line reads."""

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
    """Where a custom domain has to point, if there is one."""
    ALARM_TOPIC = "AlarmTopic"
    DASHBOARD_URL = "DashboardUrl"


def usage_plan_output(plan: str) -> str:
    """Return the name of the output that holds the id of a plan's usage plan."""
    return f"UsagePlanId{plan.capitalize()}"


def stack_name(stage: str) -> str:
    """Return the CloudFormation stack's name for a stage."""
    return f"leanpix-{stage}"
