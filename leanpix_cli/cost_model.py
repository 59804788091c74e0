"""Compute what an image costs in AWS by a formula over list prices.

Prices: us-east-1, on demand, first tier, US dollars, without free tiers, as listed in 2026-11:
aws.amazon.com/lambda/pricing (arm64), /api-gateway/pricing (REST), /sqs/pricing, /dynamodb/pricing
(on-demand), /s3/pricing, /cloudwatch/pricing, /ec2/pricing/on-demand (data transfer),
/cloudfront/pricing (North America and Europe).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

PRICED: Final = "2026-11, us-east-1"

LAMBDA_GIGABYTE_SECOND: Final = 0.0000133334
LAMBDA_CALL: Final = 0.20e-6
GATEWAY_CALL: Final = 3.50e-6
SQS_CALL: Final = 0.50e-6
"""Standard queues cost 0.40, fair queues 0.10 more."""
DYNAMODB_WRITE: Final = 0.625e-6
DYNAMODB_READ: Final = 0.125e-6
S3_PUT: Final = 5.0e-6
S3_GET: Final = 0.4e-6
S3_GIGABYTE_MONTH: Final = 0.023
TRANSFER_GIGABYTE: Final = 0.09
"""From a Region; to CloudFront it is free."""
CLOUDFRONT_GIGABYTE: Final = 0.085
CLOUDFRONT_CALL: Final = 1.0e-6
"""A request by HTTPS."""
EDGE_CALL: Final = 0.10e-6
"""A run of a CloudFront Function."""
LOGS_GIGABYTE: Final = 0.50

SECONDS_PER_MEGAPIXEL: Final[Mapping[tuple[str, str], float]] = MappingProxyType(
    {
        ("jpg", "lossless"): 0.3,
        ("jpg", "medium"): 0.25,
        ("jpg", "high"): 0.21,
        ("png", "lossless"): 0.66,
        ("png", "medium"): 5.22,
        ("webp", "medium"): 0.91,
    }
)
"""The optimizer's time on one vCPU: docs/sizing.md, measured by benchmarks/sizing.py."""
BYTES_PER_MEGAPIXEL: Final[Mapping[str, int]] = MappingProxyType(
    {"jpg": 400_000, "png": 1_600_000, "webp": 250_000}
)
"""The size of a source as cameras and editors write it."""
MEGABYTES_PER_CPU: Final = 1_769
OPTIMIZER_MEGABYTES: Final = 2_048
"""The deploy setting's default; a test holds the two together."""

_GIGABYTE: Final = 1_000_000_000
_SUBMIT_SECONDS: Final = 0.15
_LIGHT_SECONDS: Final = 0.03
_DOWNLOAD_SECONDS: Final = 0.08
OPTIMIZER_EXTRA_SECONDS: Final = 0.35
"""Claiming, loading, storing, settling."""
_QUEUE_SECONDS: Final = 0.3
_STATUS_CALLS: Final[Mapping[str, float]] = {"megaoptim": 1.0, "tinyjpg": 3.0, "tinify": 0.0}
_LOOKS_PER_SECOND: Final = 13
"""The rate at which a held poll reads the table: every 50 to 100 ms."""
_AUTHORIZER_MISSES: Final[Mapping[str, float]] = MappingProxyType(
    {"megaoptim": 0.1, "tinyjpg": 1.0, "tinify": 1.0}
)
"""The share of calls with a key for which the authorizer is asked. TinyJPG's and Tinify's have no
identity source and are never cached."""
_EDGE_CALLS: Final = 2
"""The runs for a download: before it is looked up, and before it is sent."""
_MINUTES_TO_SETTLE: Final = 1
_MINUTES_A_MONTH: Final = 30 * 24 * 60
_LOG_BYTES_A_CALL: Final = 1_500
"""Submit, optimizer, poll and download log about 6,000 bytes for an image."""
# A transaction's write counts twice. Submit: account, job, image, and the index entry; claim: one;
# settle: image, usage, and the index entry's end.
_WRITES: Final = 2 * 3 + 1 + 1 + 2 * 2 + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """The use of the service, from which the figures of one image follow."""

    api: str = "megaoptim"
    format: str = "jpg"
    level: str = "medium"
    megapixels: float = 2.0
    saved_share: float = 0.5
    optimizer_megabytes: int = OPTIMIZER_MEGABYTES
    light_megabytes: int = 512
    result_megabytes: int = 256
    submit_megabytes: int = 1_024
    retention_days: int = 7
    polls: float | None = None
    """Status calls for each image; None: one held poll (MegaOptim), three short ones (TinyJPG),
    none (Tinify, whose upload is held)."""
    downloads: float = 1.0
    has_front_door: bool = True
    """Whether downloads come by CloudFront from S3."""
    is_within_free: bool = True
    """Whether CloudFront's always-free part covers them: 1 TB, 10 M requests and 2 M runs of
    functions a month (about 2.5 million results of 400 KB, and 1 million downloads)."""
    keeps_uploads: bool = False
    """Whether an upload by MegaOptim's API stays when its image has ended, as it once did."""

    @property
    def optimizer_seconds(self) -> float:
        """The time for which the optimizer works on an image."""
        share = min(1.0, self.optimizer_megabytes / MEGABYTES_PER_CPU)
        per_megapixel = SECONDS_PER_MEGAPIXEL[self.format, self.level]
        return per_megapixel * self.megapixels / share + OPTIMIZER_EXTRA_SECONDS

    @property
    def source_bytes(self) -> float:
        """The size of an image as it is sent."""
        return BYTES_PER_MEGAPIXEL[self.format] * self.megapixels

    @property
    def result_bytes(self) -> float:
        """The size of the result."""
        return self.source_bytes * (1 - self.saved_share)

    @property
    def status_calls(self) -> float:
        """The number of status calls for an image."""
        if self.polls is not None:
            return self.polls
        return _STATUS_CALLS[self.api]

    @property
    def held_seconds(self) -> float:
        """The time for which polls are held for an image, all together."""
        if self.api == "megaoptim":
            return self.optimizer_seconds + _QUEUE_SECONDS
        return self.status_calls * _LIGHT_SECONDS

    @property
    def upload_seconds(self) -> float:
        """The time that the function works which takes an image in; Tinify's holds meanwhile."""
        held = self.optimizer_seconds + _QUEUE_SECONDS if self.api == "tinify" else 0.0
        return _SUBMIT_SECONDS + held

    @property
    def downloads_by_api(self) -> float:
        """The downloads that a function answers; Tinify's need a key."""
        return self.downloads if self.api == "tinify" or not self.has_front_door else 0.0

    @property
    def authorizations(self) -> float:
        """The calls of the authorizer, for every call that needs a key."""
        calls = 1 + self.status_calls + (self.downloads if self.api == "tinify" else 0)
        return _AUTHORIZER_MISSES[self.api] * calls


def cost_per_image(use: Use) -> dict[str, float]:
    """Return the dollars of one image by what they are paid for."""
    return {
        "optimizing": _lambda(use.optimizer_megabytes, use.optimizer_seconds, 1),
        "submit and download": _submit_and_download(use),
        "polls": (
            _lambda(_status_megabytes(use), use.held_seconds, use.status_calls)
            + DYNAMODB_READ * (use.status_calls + _looks(use))
        ),
        "API Gateway": GATEWAY_CALL * (1 + use.status_calls + use.downloads_by_api),
        "CloudFront": _cloudfront(use),
        "DynamoDB": DYNAMODB_WRITE * _WRITES + DYNAMODB_READ * (2 + use.authorizations),
        "SQS": SQS_CALL * 3,
        "S3": (
            S3_PUT * 2
            + S3_GET * (1 + use.downloads + use.downloads_by_api)
            + S3_GIGABYTE_MONTH * _gigabyte_months(use)
        ),
        "logs": LOGS_GIGABYTE * _log_bytes(use) / _GIGABYTE,
        "transfer out": _transfer(use),
    }


def _submit_and_download(use: Use) -> float:
    downloads = use.downloads_by_api
    asked = use.authorizations
    return (
        _lambda(use.submit_megabytes, use.upload_seconds, 1)
        + _lambda(use.submit_megabytes, downloads * _DOWNLOAD_SECONDS, downloads)
        + _lambda(use.light_megabytes, asked * _LIGHT_SECONDS, asked)
    )


def _status_megabytes(use: Use) -> int:
    return use.result_megabytes if use.api == "megaoptim" else use.light_megabytes


def _cloudfront(use: Use) -> float:
    """Return the dollars of CloudFront's requests and programs for an image."""
    if not use.has_front_door or use.is_within_free:
        return 0.0
    calls = 1 + use.status_calls + use.downloads
    from_s3 = use.downloads - use.downloads_by_api
    return CLOUDFRONT_CALL * calls + EDGE_CALL * _EDGE_CALLS * from_s3


def _transfer(use: Use) -> float:
    gigabytes = use.downloads * use.result_bytes / _GIGABYTE
    if not use.has_front_door:
        return TRANSFER_GIGABYTE * gigabytes
    return 0.0 if use.is_within_free else CLOUDFRONT_GIGABYTE * gigabytes


def _gigabyte_months(use: Use) -> float:
    kept_months = (use.retention_days + 1) / 30
    source_months = kept_months
    if use.api == "megaoptim" and not use.keeps_uploads:
        source_months = _MINUTES_TO_SETTLE / _MINUTES_A_MONTH
    bytes_months = use.source_bytes * source_months + use.result_bytes * kept_months
    return bytes_months / _GIGABYTE


def _log_bytes(use: Use) -> float:
    """Return what all functions log for an image; each call of one logs about as much."""
    return _LOG_BYTES_A_CALL * (2 + use.status_calls + use.downloads_by_api)


def _looks(use: Use) -> float:
    if use.api == "tinify":
        return use.upload_seconds * _LOOKS_PER_SECOND
    return use.held_seconds * _LOOKS_PER_SECOND if use.api == "megaoptim" else 0.0


def _lambda(megabytes: int, seconds: float, calls: float) -> float:
    return megabytes / 1_024 * seconds * LAMBDA_GIGABYTE_SECOND + calls * LAMBDA_CALL
