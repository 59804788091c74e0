"""Test that the API answers through CloudFront as it does by itself.

Two doors lead to the same cloud: one plays the distribution of the template, one does not. What
differs between two answers is what differs between two calls: times, and ids of requests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from leanpix.contract import OutputName
from leanpix.domain.ids import make_public_id
from leanpix_cli.local_setup import LocalAccount, create_local_account
from leanpix_local import synth
from leanpix_local.cloud import LocalCloud
from leanpix_local.front_door import Backend, FrontDoor
from leanpix_local.gateway import gateway_answers
from leanpix_local.template import API_ID
from tests.api import Api

OF_ONE_CALL = {
    "date",
    "server-timing",
    "x-amzn-requestid",
    "x-amz-apigw-id",
    "x-amz-id-2",
    "x-amz-request-id",
    "x-amzn-remapped-content-length",
    "x-amzn-trace-id",
    "connection",
    "cache-control",
}
NO_CONTENT = 204
UNKNOWN = "f" * 40
"""An id of the year 2106: it is nobody's, and may yet come."""


@pytest.fixture(scope="module")
def bare(cloud: LocalCloud) -> Iterator[str]:
    """Yield the URL of a door to the API alone."""
    template = synth.read_template()
    door = FrontDoor()
    door.open(
        Backend(
            port=int(cloud.endpoint_url.rpartition(":")[2]),
            path=f"/_aws/execute-api/{API_ID}/{synth.STAGE}",
            integration_timeout_seconds=synth.INTEGRATION_TIMEOUT_SECONDS,
            answers=gateway_answers(template),
        )
    )
    yield door.url
    door.close()


def compare(first: requests.Response, second: requests.Response) -> None:
    """Check that two answers are the same to a client."""
    assert first.status_code == second.status_code
    assert first.content == second.content

    def kept(answer: requests.Response) -> dict[str, str]:
        named = {name.lower(): value for name, value in answer.headers.items()}
        return {name: value for name, value in named.items() if name not in OF_ONE_CALL}

    through, alone = kept(first), kept(second)
    if first.status_code == NO_CONTENT:
        # API Gateway names a type for a body that is none.
        alone.pop("content-type", None)
    if "content-security-policy" not in alone:
        # API Gateway's own errors cannot have it; CloudFront adds it on the paths of files.
        through.pop("content-security-policy", None)
    assert through == alone


@pytest.fixture(scope="module")
def links(cloud: LocalCloud, photo: bytes) -> dict[str, str]:
    """Return the paths of files of both APIs."""
    api = Api(cloud.url, create_local_account(cloud).api_key)
    (result,) = api.results({"type": "file"}, {"file": ("a b+ä.jpg", photo)})
    sent = api.upload(photo, "photo.jpg", quality=50)
    done = api.completed(sent["image_id"])
    del done
    found = {
        "image": result["url"],
        "optimized": sent["optimized_url"],
        "original": sent["original_url"],
    }
    return {name: url.removeprefix(cloud.url) for name, url in found.items()}


@pytest.mark.parametrize("name", ["image", "optimized", "original"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [{}, {"Range": "bytes=2-9"}, {"Range": "bytes=0-1,4-5"}, {"Range": "bytes=99999999-"}],
    ids=["whole", "part", "parts", "beyond"],
)
def test_a_file_is_the_same(
    cloud: LocalCloud,
    bare: str,
    links: dict[str, str],
    name: str,
    method: str,
    headers: dict[str, str],
) -> None:
    answers = [
        requests.request(method, base + links[name], headers=headers, timeout=60)
        for base in (cloud.url, bare)
    ]
    compare(*answers)
    assert answers[0].status_code in {200, 204, 206}


@pytest.mark.parametrize(
    "path",
    [
        f"/image/{UNKNOWN}/a.jpg",
        "/image/short/a.jpg",
        f"/direct-file/optimized/{UNKNOWN}-a.jpg",
        f"/direct-file/original/{UNKNOWN}-a.jpg",
        f"/direct-file/optimized/{'3' * 40}-a.jpg",
        "/direct-file/other/a.jpg",
        "/image/a",
        "/ping",
        "/status",
        "/",
        "/nothing",
        "/api/status/x",
        "/openapi.json",
    ],
)
def test_what_is_no_file_is_answered_the_same(cloud: LocalCloud, bare: str, path: str) -> None:
    compare(*(requests.get(base + path, timeout=60) for base in (cloud.url, bare)))


def test_an_error_of_the_api_is_the_same(
    cloud: LocalCloud, bare: str, account: LocalAccount
) -> None:
    for headers in ({}, {"X-API-KEY": "lpxwrong"}, {"X-API-KEY": account.api_key}):
        for path in ("/v1/optimize", "/v1/users/info", "/api/optimize", "/v1/optimize/1/result"):
            compare(
                *(
                    requests.post(base + path, headers=headers, timeout=60)
                    for base in (cloud.url, bare)
                )
            )


def test_caching_ends_before_the_file_does(cloud: LocalCloud, links: dict[str, str]) -> None:
    answer = requests.get(cloud.url + links["image"], timeout=60)
    kept_for = int(answer.headers["Cache-Control"].split("max-age=")[1].split(",")[0])
    assert 0 < kept_for <= 7 * 86_400
    assert "Server-Timing" not in answer.headers, "no function was asked"


def test_a_large_file_needs_no_redirect(cloud: LocalCloud, bare: str) -> None:
    public_id = make_public_id()
    data = b"x" * 6_000_000
    cloud.client("s3").put_object(
        Bucket=cloud.outputs[OutputName.BUCKET],
        Key=f"results/{public_id}/a.png",
        Body=data,
        ContentType="image/png",
        Metadata={"expires-at": "4000000000"},
    )
    path = f"/image/{public_id}/a.png"
    answer = requests.get(cloud.url + path, allow_redirects=False, timeout=60)
    assert (answer.status_code, answer.content) == (200, data)
    assert requests.get(bare + path, allow_redirects=False, timeout=60).status_code == 302
