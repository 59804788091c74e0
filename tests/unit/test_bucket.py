"""Test what S3's refusals mean, by its answers where a function may not list the bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from leanpix.adapters.bucket import Bucket
from leanpix.domain.jobs import KeptReason
from leanpix.services.ports import FetchFailedError

KEY = "uploads/0123"
MISSING = [("AccessDenied", 403), ("NoSuchKey", 404)]
"""S3 answers 403 for a missing key to whoever has no ListBucket (GetObject, "Permissions")."""
FAULTS = [("NoSuchBucket", 404), ("InternalError", 500), ("SlowDown", 503)]


@pytest.fixture
def client() -> Any:
    """Return a client of S3 that reaches nothing."""
    return boto3.client(
        "s3", region_name="eu-central-1", aws_access_key_id="none", aws_secret_access_key="none"
    )


@pytest.fixture
def s3(client: Any) -> Iterator[Stubber]:
    """Return the answers of S3, to be filled in."""
    with Stubber(client) as stubber:
        yield stubber


@pytest.fixture
def bucket(client: Any) -> Bucket:
    """Return the bucket."""
    return Bucket(client=client, name="images")


@pytest.mark.parametrize(("code", "status"), MISSING)
def test_a_missing_upload_is_a_failed_fetch_at_once(
    s3: Stubber, bucket: Bucket, code: str, status: int
) -> None:
    s3.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(FetchFailedError) as failed:
        bucket.read(KEY)
    assert failed.value.reason == KeptReason.FETCH_FAILED


@pytest.mark.parametrize(("code", "status"), MISSING)
def test_a_result_that_expired_since_it_was_described_is_missing(
    s3: Stubber, bucket: Bucket, code: str, status: int
) -> None:
    s3.add_client_error("get_object", code, http_status_code=status)
    assert bucket.read_range(KEY, 0, 9) is None


@pytest.mark.parametrize("status", [403, 404])
def test_what_cannot_be_described_is_missing(s3: Stubber, bucket: Bucket, status: int) -> None:
    """An answer to HEAD has no body, so its code is its status."""
    s3.add_client_error("head_object", str(status), http_status_code=status)
    assert bucket.describe(KEY) is None


@pytest.mark.parametrize(("code", "status"), FAULTS)
@pytest.mark.parametrize("read", [lambda b: b.read(KEY), lambda b: b.read_range(KEY, 0, 9)])
def test_any_other_refusal_may_pass(
    s3: Stubber, bucket: Bucket, read: Any, code: str, status: int
) -> None:
    s3.add_client_error("get_object", code, http_status_code=status)
    with pytest.raises(ClientError):
        read(bucket)


def test_a_name_that_s3_refuses_is_no_file_of_ours(s3: Stubber, bucket: Bucket) -> None:
    """S3 answers 400 for a key of more than 1,024 bytes."""
    s3.add_client_error("head_object", "400", http_status_code=400)
    assert bucket.describe("results/" + "x" * 1_100) is None
