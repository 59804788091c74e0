"""Test that the clients read little of botocore's data and behave as those that read all of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.loaders import Loader
from botocore.session import Session

from leanpix.adapters.aws import _FILES, _QUICK, SlimLoader

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dynamodb": ("get_item", {"TableName": "jobs", "Key": {"id": {"S": "1"}}}),
    "s3": ("get_object", {"Bucket": "leanpix-files", "Key": "results/a/photo.jpg"}),
    "sqs": ("send_message", {"QueueUrl": "https://sqs.example.org/1/images", "MessageBody": "1"}),
}
REGIONS = (
    "us-east-1",
    "us-west-2",
    "eu-central-1",
    "ap-southeast-5",
    "me-central-1",
    "cn-north-1",
    "us-gov-west-1",
    "eu-central-99",
)


class SentError(Exception):
    """An exception with the request that would have been sent."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__(request.url)
        self.request = request


def client(service: str, region: str, loader: Loader) -> Any:
    session = Session()
    session.register_component("data_loader", loader)
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", "example")
    config = _FILES if service == "s3" else _QUICK
    made: Any = session.create_client(service, region, config=config)

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        raise SentError(request)

    made.meta.events.register("before-send.*", stop)
    return made


def sent(service: str, region: str, loader: Loader) -> tuple[str, str]:
    """Return where a request goes, and for which Region and service it is signed."""
    operation, arguments = CALLS[service]
    with pytest.raises(SentError) as caught:
        getattr(client(service, region, loader), operation)(**arguments)
    request = caught.value.request
    signed = request.headers["Authorization"]
    scope = (signed.decode() if isinstance(signed, bytes) else signed).partition(",")[0]
    return request.url, scope


@pytest.fixture(autouse=True)
def no_endpoint_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize("service", CALLS)
@pytest.mark.parametrize("region", REGIONS)
def test_a_request_goes_where_it_would_with_all_of_botocores_data(
    service: str, region: str
) -> None:
    assert sent(service, region, SlimLoader()) == sent(service, region, Loader())


@pytest.mark.parametrize("region", REGIONS)
def test_a_presigned_url_names_the_same_host(region: str) -> None:
    parameters = {"Bucket": "leanpix-files", "Key": "results/a/photo.jpg"}
    slim, full = (
        client("s3", region, loader).generate_presigned_url("get_object", Params=parameters)
        for loader in (SlimLoader(), Loader())
    )
    assert slim.partition("X-Amz-Date")[0] == full.partition("X-Amz-Date")[0]


HOSTS = {
    "us-east-1": "leanpix-files.s3.us-east-1.amazonaws.com",
    "us-west-2": "leanpix-files.s3.us-west-2.amazonaws.com",
    "eu-central-1": "leanpix-files.s3.eu-central-1.amazonaws.com",
    "ap-southeast-5": "leanpix-files.s3.ap-southeast-5.amazonaws.com",
    "me-central-1": "leanpix-files.s3.me-central-1.amazonaws.com",
    "cn-north-1": "leanpix-files.s3.cn-north-1.amazonaws.com.cn",
    "us-gov-west-1": "leanpix-files.s3.us-gov-west-1.amazonaws.com",
}


@pytest.mark.parametrize("region", HOSTS)
@pytest.mark.parametrize("method", ["get_object", "head_object"])
def test_a_presigned_url_names_the_host_of_its_region(region: str, method: str) -> None:
    made = client("s3", region, SlimLoader())
    parameters = {"Bucket": "leanpix-files", "Key": "results/a/photo.jpg"}
    url = urlsplit(made.generate_presigned_url(method, Params=parameters))
    assert url.netloc == HOSTS[region]
    assert url.path == "/results/a/photo.jpg"


@pytest.mark.parametrize("region", HOSTS)
def test_a_direct_upload_goes_to_the_host_of_its_region(region: str) -> None:
    granted = client("s3", region, SlimLoader()).generate_presigned_post("leanpix-files", "u/1")
    assert urlsplit(granted["url"]).netloc == HOSTS[region]


def test_on_the_local_cloud_the_bucket_is_named_in_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    parameters = {"Bucket": "leanpix-files", "Key": "results/a/photo.jpg"}
    made = client("s3", "us-east-1", SlimLoader())
    url = made.generate_presigned_url("get_object", Params=parameters)
    assert url.startswith("http://127.0.0.1:4566/leanpix-files/results/a/photo.jpg?")
