"""Make the clients for AWS, once a process, with retries and time-outs that fit a Lambda.

They are made by botocore, on which boto3 stands: importing boto3 brings s3transfer along, which
nothing here uses and which takes as long to import as all of ours (docs/sizing.md).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from botocore.client import BaseClient
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session, get_session

from leanpix import deadline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_Client = TypeVar("_Client", bound=BaseClient)

# "standard" is exponential backoff with jitter and a retry quota. DynamoDB and SQS answer within
# milliseconds, so a try that takes seconds is a lost one; all tries together fit the margin that
# the optimizer keeps for settling (services.optimize.SETTLE_MARGIN_SECONDS).
_QUICK: Final = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 4},
    tcp_keepalive=True,
)
_SLOW: Final = Config(
    connect_timeout=1,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
_FILES: Final = Config(
    connect_timeout=2,
    read_timeout=20,
    retries={"mode": "standard", "total_max_attempts": 4},
    # Signature Version 4 also for presigned URLs.
    signature_version="s3v4",
    # The Region's own host name, also in URLs that are signed. By default botocore signs for the
    # global name outside us-east-1: a fresh bucket answers it with a redirect to a name that the
    # signature does not fit, and Regions launched after March 2019 do not answer it at all
    # ("Virtual hosting of general purpose buckets", Amazon S3 guide).
    s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    tcp_keepalive=True,
)


@cache
def dynamodb_client() -> DynamoDBClient:
    """Return the client for DynamoDB."""
    return _keeping_time(
        cast("DynamoDBClient", _session().create_client("dynamodb", config=_QUICK))
    )


@cache
def s3_client() -> S3Client:
    """Return the client for S3."""
    return _keeping_time(cast("S3Client", _session().create_client("s3", config=_FILES)))


@cache
def api_gateway_client() -> APIGatewayClient:
    """Return the client for API Gateway, whose calls take longer than those on data."""
    return _keeping_time(
        cast("APIGatewayClient", _session().create_client("apigateway", config=_SLOW))
    )


@cache
def sqs_client() -> SQSClient:
    """Return the client for SQS."""
    return _keeping_time(cast("SQSClient", _session().create_client("sqs", config=_QUICK)))


class SlimLoader(Loader):
    """A loader of the part of botocore's data that the clients need (docs/sizing.md).

    It halves the time to make the clients. A test holds that requests go where they would go with
    all of the data.
    """

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - botocore's signature
        """Return the services that there is a client for, in place of looking through all 400."""
        return ["apigateway", "dynamodb", "s3", "sqs"]

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """Return a data file and its path; of the endpoints no more than each partition's rule.

        Where a request goes is decided by each service's rule set. The endpoints, a megabyte of
        every service's in every Region, are only asked for the Region to sign for, which is the
        client's own.
        """
        if name != "endpoints":
            return super().load_data_with_path(name)
        found, path = super().load_data_with_path("partitions")
        return {"partitions": [_describe_partition(each) for each in found["partitions"]]}, path


def _describe_partition(partition: Mapping[str, Any]) -> dict[str, Any]:
    """Return a partition of the rule sets in the notation of endpoints.json."""
    return {
        "partition": partition["id"],
        "dnsSuffix": partition["outputs"]["dnsSuffix"],
        "regionRegex": partition["regionRegex"],
        "regions": {},
        "services": {},
        "defaults": {
            "hostname": "{service}.{region}.{dnsSuffix}",
            "protocols": ["https"],
            "signatureVersions": ["v4"],
        },
    }


@cache
def _session() -> Session:
    """Return the one session, which reads its data files once for all clients."""
    session = get_session()
    session.register_component("data_loader", SlimLoader())
    return session


def _keeping_time(client: _Client) -> _Client:
    """Let no try begin that the function has no time left for."""
    client.meta.events.register("before-send.*", deadline.check)
    return client
