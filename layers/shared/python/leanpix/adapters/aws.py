"""boto3 clients, made once per process, with the retries and time-outs that fit a Lambda."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_CONFIG: Final = Config(
    connect_timeout=2,
    read_timeout=10,
    # "standard" is exponential backoff with jitter and a retry quota.
    retries={"mode": "standard", "total_max_attempts": 5},
)


@cache
def dynamodb_client() -> DynamoDBClient:
    """Return the client for DynamoDB."""
    return boto3.client("dynamodb", config=_CONFIG)


@cache
def s3_client() -> S3Client:
    """Return the client for S3; it signs URLs with Signature Version 4."""
    config = _CONFIG.merge(Config(read_timeout=60, signature_version="s3v4"))
    return boto3.client("s3", config=config)


@cache
def sqs_client() -> SQSClient:
    """Return the client for SQS."""
    return boto3.client("sqs", config=_CONFIG)
