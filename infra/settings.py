"""Everything that a deploy may set, read once from the CDK context and checked.

``cdk deploy -c stage=prod -c retention_days=30`` and ``python app.py -c stage=prod`` set a value;
``cdk.json`` can hold one too. An unknown name, a value of the wrong kind or one out of its range
ends the synthesis with one line that names the setting.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self, get_type_hints

from leanpix import contract


class SettingError(ValueError):
    """A setting is unknown or has an unusable value."""


class Flavour(StrEnum):
    """For which machine the layers are built."""

    ARM64 = "arm64"
    """AWS Lambda on Graviton: what is deployed."""
    HOST = "host"
    """This machine, for the local cloud."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    low: int
    high: int
    why: str


_RANGES: Final[Mapping[str, _Range]] = {
    "integration_timeout_seconds": _Range(
        low=10, high=300, why="API Gateway allows 29 unless the account's quota is raised"
    ),
    "optimizer_memory_megabytes": _Range(
        low=512, high=10_240, why="Lambda ends at 10,240, and the engine needs 512"
    ),
    "optimizer_timeout_seconds": _Range(
        low=30, high=900, why="an image takes some, and Lambda ends a call after 900"
    ),
    "max_concurrency": _Range(low=2, high=1_000, why="SQS event sources take 2 to 1,000"),
    "result_concurrency": _Range(
        low=0, high=10_000, why="0 sets nothing aside, for AWS accounts with a small quota"
    ),
    "retention_days": _Range(low=1, high=365, why="results are kept for at least a day"),
}

LOG_RETENTION: Final[Mapping[int, str]] = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    90: "THREE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
}
"""CloudWatch Logs takes only some numbers of days; each with the CDK's name for it."""

_STAGE: Final = re.compile(r"[a-z][a-z0-9]{0,19}")
# No "$", quotes or backslash: the URL stands in API Gateway's response templates.
_URL: Final = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~%/-]*)?")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The deploy settings with their defaults."""

    stage: str = "dev"
    """Name of the stage; part of the stack's name. ``prod`` keeps its data on deletion."""
    site_url: str = "https://leanpix.example"
    """The operator's site, which error texts name."""
    base_url: str = ""
    """Under which clients reach the API, for a custom domain; else API Gateway's own URL."""
    integration_timeout_seconds: int = 29
    """How long API Gateway waits for a function, and so how long a poll can be held."""
    optimizer_memory_megabytes: int = 3_008
    """Memory of the optimizer; its CPU share grows with it."""
    optimizer_timeout_seconds: int = 120
    """How long one image may take."""
    max_concurrency: int = 10
    """How many images are optimized at the same time."""
    result_concurrency: int = 100
    """How many polls can be held at the same time; so many are set aside for them."""
    retention_days: int = contract.RETENTION_DAYS
    """How long uploads and results are kept."""
    log_retention_days: int = 30
    """How long logs are kept."""
    flavour: Flavour = Flavour.ARM64
    """``arm64`` for AWS, ``host`` for the local cloud."""

    def __post_init__(self) -> None:
        """Check every value."""
        for name, allowed in _RANGES.items():
            value: int = getattr(self, name)
            if not allowed.low <= value <= allowed.high:
                message = (
                    f"setting {name}={value}: must be between {allowed.low} and {allowed.high}"
                    f" ({allowed.why})"
                )
                raise SettingError(message)
        if self.log_retention_days not in LOG_RETENTION:
            values = ", ".join(str(days) for days in LOG_RETENTION)
            message = f"setting log_retention_days={self.log_retention_days}: one of {values}"
            raise SettingError(message)
        if not _STAGE.fullmatch(self.stage):
            message = (
                f"setting stage={self.stage!r}: 1 to 20 lower-case letters and digits,"
                " a letter first"
            )
            raise SettingError(message)
        for name in ("site_url", "base_url"):
            url: str = getattr(self, name)
            if url and (not _URL.fullmatch(url) or url.endswith("/")):
                message = f"setting {name}={url!r}: an http(s) URL without a slash at the end"
                raise SettingError(message)
        if not self.site_url:
            message = "setting site_url: error texts need one"
            raise SettingError(message)

    @property
    def is_production(self) -> bool:
        """Whether data outlives a deletion of the stack."""
        return self.stage == "prod"

    @property
    def visibility_timeout_seconds(self) -> int:
        """How long a message is hidden while it is worked on: longer than the function runs."""
        return self.optimizer_timeout_seconds + max(10, self.optimizer_timeout_seconds // 10)

    @property
    def object_expiry_days(self) -> int:
        """When S3 may delete an object: never before its retention has ended."""
        return self.retention_days + 1

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Self:
        """Read the settings from a CDK context; the CDK's own keys in it are left alone.

        Values come as text from a command line and as numbers from a file.
        """
        kinds = get_type_hints(cls)
        given = {name: value for name, value in context.items() if not _belongs_to_the_cdk(name)}
        unknown = sorted(given.keys() - kinds.keys())
        if unknown:
            message = f"no such setting: {', '.join(unknown)}. There are: {', '.join(kinds)}"
            raise SettingError(message)
        # Each value is of the kind that its field declares.
        parsed: dict[str, Any] = {
            name: _parse(name, kinds[name], value) for name, value in given.items()
        }
        return cls(**parsed)


def _belongs_to_the_cdk(name: str) -> bool:
    return ":" in name or name.startswith(("@", "aws-cdk", "cdk"))


def _parse(name: str, kind: type, value: object) -> object:
    text = str(value).strip()
    if issubclass(kind, StrEnum):
        if text not in set(kind):
            message = f"setting {name}={text!r}: one of {', '.join(kind)}"
            raise SettingError(message)
        return kind(text)
    if kind is int:
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
            message = f"setting {name}={text!r}: a whole number"
            raise SettingError(message)
        return int(text)
    return text
