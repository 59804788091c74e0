"""Test that results reach other people's buckets by their rights, on the stores' hosts alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from leanpix.adapters.deliveries import BucketDeliverer
from leanpix.domain.destinations import GcsDestination, S3Destination
from leanpix.services.ports import DeliveryFailedError, FetchFailedError

S3 = S3Destination(
    region="eu-central-1",
    bucket="bucket",
    key="some path/ä.png",
    access_key_id="AKIA",
    secret_access_key="secret",
    headers={"Cache-Control": "public, max-age=31536000"},
)
GCS = GcsDestination(bucket="bucket", key="a.png", access_token="token")


@dataclass
class Web:
    """A web that answers every PUT with one status, or not at all."""

    status: int = 200
    puts: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def put(self, url: str, body: bytes, *, headers: Mapping[str, str]) -> int:
        if not self.status:
            text = "the URL's host did not answer properly"
            raise FetchFailedError(text, reason="fetch_failed")
        self.puts.append((url, body, dict(headers)))
        return self.status


def deliver(web: Web, destination: Any, data: bytes = b"image") -> str:
    deliverer = BucketDeliverer(fetcher=web)  # type: ignore[arg-type]  # it needs `put` alone
    return deliverer.deliver(data, destination, content_type="image/png")


def test_s3_gets_a_signed_put_on_the_host_of_the_region() -> None:
    web = Web()
    url = deliver(web, S3)
    assert url == "https://s3.eu-central-1.amazonaws.com/bucket/some%20path/%C3%A4.png"
    ((called, body, headers),) = web.puts
    assert (called, body) == (url, b"image")
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "public, max-age=31536000"
    assert headers["x-amz-acl"] == "public-read"
    assert headers["X-Amz-Content-SHA256"] == hashlib.sha256(b"image").hexdigest()
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=AKIA/\d{8}/eu-central-1/s3/aws4_request, "
        r"SignedHeaders=(\S+), Signature=[0-9a-f]{64}",
        headers["Authorization"],
    )
    assert found
    assert {"host", "x-amz-acl", "x-amz-content-sha256", "x-amz-date"} <= set(found[1].split(";"))


def test_an_object_without_acl_is_signed_without_one() -> None:
    web = Web()
    deliver(
        web,
        S3Destination(
            region="us-east-1",
            bucket="b",
            key="k",
            access_key_id="AKIA",
            secret_access_key="secret",
            session_token="session",
            is_public=False,
        ),
    )
    ((_, _, headers),) = web.puts
    assert "x-amz-acl" not in headers
    assert headers["X-Amz-Security-Token"] == "session"


def test_google_gets_the_callers_token() -> None:
    web = Web()
    assert deliver(web, GCS) == "https://storage.googleapis.com/bucket/a.png"
    ((_, _, headers),) = web.puts
    assert headers["Authorization"] == "Bearer token"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "the store answered with status 403"),
        (301, "the store answered with status 301"),
        (0, "the URL's host did not answer properly"),
    ],
)
def test_a_store_that_does_not_take_it_is_told(status: int, text: str) -> None:
    with pytest.raises(DeliveryFailedError) as refused:
        deliver(Web(status), S3)
    assert str(refused.value) == text
