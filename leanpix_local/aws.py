"""Make clients for the emulated AWS, with the credential of its root."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

REGION: Final = "us-east-1"
ACCOUNT_ID: Final = "000000000000"
CREDENTIAL: Final = "test"
"""The key id, and the secret too."""

_CONFIG: Final = Config(
    # boto3 presigns with the old signature against an endpoint of one's own.
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 3, "mode": "standard"},
    connect_timeout=5,
    read_timeout=60,
)


def make_session() -> boto3.Session:
    """Return a session that ignores the user's own AWS profile."""
    return boto3.Session(
        aws_access_key_id=CREDENTIAL, aws_secret_access_key=CREDENTIAL, region_name=REGION
    )


class Clients:
    """The clients for one emulator."""

    def __init__(self, endpoint_url: str) -> None:
        """Remember where the emulator answers."""
        self._endpoint_url = endpoint_url
        self._session = make_session()

    def client(self, service: str) -> Any:
        """Return a client for any service."""
        # The names that boto3's stubs know are literals; a caller's need not be.
        name: Any = service
        return self._session.client(name, endpoint_url=self._endpoint_url, config=_CONFIG)

    @property
    def s3(self) -> S3Client:
        """A client for S3."""
        return self._session.client("s3", endpoint_url=self._endpoint_url, config=_CONFIG)

    @property
    def ssm(self) -> SSMClient:
        """A client for parameters of Systems Manager."""
        return self._session.client("ssm", endpoint_url=self._endpoint_url, config=_CONFIG)

    @property
    def cloudformation(self) -> CloudFormationClient:
        """A client for CloudFormation."""
        return self._session.client(
            "cloudformation", endpoint_url=self._endpoint_url, config=_CONFIG
        )
