"""Limits on sizes, numbers and times, and the plans."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_IMAGES_PER_JOB: Final = 5
MAX_INLINE_BYTES: Final = 4_500_000
"""The largest body of a request. Lambda takes 6 MB, with a binary body as base64."""
MAX_INLINE_RESPONSE_BYTES: Final = 4_400_000
"""The largest image that a function returns itself, for the same 6 MB; a larger one is a redirect
to S3."""
MAX_SOURCE_BYTES: Final = 100_000_000
"""The largest image that is fetched from a URL or uploaded to S3 directly."""
UPLOAD_URL_SECONDS: Final = 900
"""The time within which a direct upload must begin."""
MAX_FILE_NAME_BYTES: Final = 180
MAX_URL_CHARACTERS: Final = 2_048
"""The longest URL that a client may name."""
MAX_REDIRECT_CHARACTERS: Final = 8_192
"""The longest URL that a redirect may lead to: signed URLs are long."""
MAX_CREDENTIAL_CHARACTERS: Final = 1_024
"""The longest user name or password for the source URLs."""
MAX_FIELD_CHARACTERS: Final = MAX_URL_CHARACTERS
"""The longest text field; some have a lower bound of their own."""
MAX_FIELD_BYTES: Final = 4_096
"""The largest text field as it is recorded, in UTF-8. A job's items then stay far below the
1 MB at which DynamoDB ends a page of a Query."""
MAX_CONTENT_TYPE_CHARACTERS: Final = 255
"""The longest media type: two names of 127 characters and a slash (RFC 6838 §4.2)."""
MAX_KEYS_PER_ACCOUNT: Final = 25
"""The keys in force that an account may make by itself: a Region has 10,000 for all of them
("Amazon API Gateway quotas")."""
MAX_KEY_NAME_CHARACTERS: Final = 60
MAX_JOBS_PER_PAGE: Final = 50
MAX_USAGE_DAYS: Final = 366
"""The days that one report of usage covers."""
MAX_DIMENSION_PIXELS: Final = 65_535
"""The largest useful `max_width` and `max_height`: the limit of JPEG."""

MIN_WAIT_SECONDS: Final = 30
MAX_WAIT_SECONDS: Final = 120
DEFAULT_WAIT_SECONDS: Final = 80
INTEGRATION_MARGIN_SECONDS: Final = 2
"""The time by which a held poll answers before API Gateway gives up on it."""

MIN_SAVED_PERCENT: Final = 1
"""The smallest saving that counts as one; a deploy setting."""

RETENTION_DAYS: Final = 7
PRESIGNED_URL_SECONDS: Final = 900
AUTHORIZER_CACHE_SECONDS: Final = 60
MAX_RECEIVES: Final = 5
"""The number of deliveries before SQS moves a message to the dead-letter queue. The AWS Lambda
guide ("Using Lambda with Amazon SQS") asks for at least five, and some deliveries find that the
lease of an earlier worker has not ended yet."""
MAX_ATTEMPTS: Final = 9
"""The number of claims of an image after which the sweeper gives up on it."""
MAX_OPEN_SECONDS: Final = 43_200
"""The longest time for which an image may be open; shorter than the life of its record."""
UNUSED_UPLOAD_SECONDS: Final = 86_400
"""The age at which an upload that no job uses is deleted."""
SWEEP_MINUTES: Final = 1
"""The time between two runs of the sweeper."""


FEW_CONCURRENT_CALLS: Final = 200
"""The Lambda concurrency of an AWS account below which a stage holds few polls, for a short time:
held polls would take all of it, and keep the optimizer that they wait for from running."""

UNLIMITED_TOKENS: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The monthly grant of an account. Each plan has a usage plan of its own in API Gateway."""

    name: str
    monthly_tokens: int


PLANS: Final[Mapping[str, Plan]] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            Plan(name="free", monthly_tokens=500),
            Plan(name="pro", monthly_tokens=10_000),
            Plan(name="unlimited", monthly_tokens=UNLIMITED_TOKENS),
        )
    }
)
DEFAULT_PLAN: Final = "free"
