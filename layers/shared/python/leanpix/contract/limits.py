"""How much, how large, how long; and what each plan grants."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_IMAGES_PER_JOB: Final = 5
MAX_INLINE_BYTES: Final = 4_500_000
"""Of a request's body. Lambda takes 6 MB, in which a binary body stands as base64."""
MAX_INLINE_RESPONSE_BYTES: Final = 4_400_000
"""Of an image that a function returns itself; a larger one is a redirect to S3. Same 6 MB."""
MAX_SOURCE_BYTES: Final = 100_000_000
"""Of an image fetched from a URL, or uploaded to S3 directly."""
UPLOAD_URL_SECONDS: Final = 900
"""How long a direct upload may be begun."""
MAX_FILE_NAME_BYTES: Final = 180
MAX_URL_CHARACTERS: Final = 2_048
MAX_DIMENSION_PIXELS: Final = 65_535
"""The largest ``max_width`` and ``max_height`` that make sense: JPEG's own limit."""

MIN_WAIT_SECONDS: Final = 30
MAX_WAIT_SECONDS: Final = 120
DEFAULT_WAIT_SECONDS: Final = 80
INTEGRATION_MARGIN_SECONDS: Final = 2
"""By how much a held poll answers before API Gateway would give up on it."""

MIN_SAVED_PERCENT: Final = 1
"""A result less than that much smaller than its source is no savings; a deploy setting."""

RETENTION_DAYS: Final = 7
PRESIGNED_URL_SECONDS: Final = 900
AUTHORIZER_CACHE_SECONDS: Final = 60
MAX_RECEIVES: Final = 5
"""Tries that SQS gives a message before it goes to the dead-letter queue. At least five, says the
AWS Lambda guide ("Using Lambda with Amazon SQS"): some find the last worker's lease still on."""
MAX_ATTEMPTS: Final = 9
"""Claims of an image before the sweeper gives up on it, whatever its messages do."""
MAX_OPEN_SECONDS: Final = 43_200
"""For which an image may wait or be worked on. It ends before its record can expire."""
UNUSED_UPLOAD_SECONDS: Final = 86_400
"""After which an upload that no job uses is deleted."""
SWEEP_MINUTES: Final = 1
"""Between one run of the sweeper and the next."""


UNLIMITED_TOKENS: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an account may use. Each plan has a usage plan of its own in API Gateway."""

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
