"""Define the fields of settings: their choices, their bounds, and both in words."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Any, Final

from pydantic import Field


class Flavour(StrEnum):
    """The machine that layers are built for."""

    ARM64 = "arm64"
    """AWS Lambda on Graviton: what is deployed."""
    HOST = "host"
    """This machine, for the local cloud."""


class Rollout(StrEnum):
    """The way in which a new version takes over."""

    AT_ONCE = "at_once"
    """All calls at once."""
    CANARY = "canary"
    """A tenth of the calls for five minutes, then all; an alarm takes it back."""


class LogRetention(IntEnum):
    """The days that CloudWatch Logs takes, of all numbers, by the CDK's names."""

    ONE_DAY = 1
    THREE_DAYS = 3
    ONE_WEEK = 7
    TWO_WEEKS = 14
    ONE_MONTH = 30
    THREE_MONTHS = 90
    SIX_MONTHS = 180
    ONE_YEAR = 365


# No "$", quotes or backslash: the URL stands in API Gateway's response templates.
URL: Final = r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%-]+)*"
DOMAIN: Final = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
CERTIFICATE: Final = r"arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+"
WEB_ACL: Final = r"arn:aws[a-z-]*:wafv2:us-east-1:[0-9]{12}:global/webacl/[\w-]+/[0-9a-f-]+"
EMAIL: Final = r"[^@\s,]+@[^@\s,]+\.[^@\s,]+"
# "Tag naming limits and requirements", AWS Billing guide.
TAG: Final = r"[\w.:/+@-]{1,128}=[\w .:/+@-]{0,256}"
ALLOWED: Final = "allowed"
"""The key under which a field keeps, in words, what its value must be."""


def whole(default: int, what: str, *, low: int, high: int, why: str) -> Any:
    """Return the field of a whole number within bounds."""
    words = f"between {low:,} and {high:,} ({why})"
    return Field(default, description=what, ge=low, le=high, json_schema_extra={ALLOWED: words})


def text(default: str, what: str, *, pattern: str, allowed: str) -> Any:
    """Return the field of a text of a pattern."""
    whole = rf"^({pattern})\Z"
    return Field(default, description=what, pattern=whole, json_schema_extra={ALLOWED: allowed})
