"""Test how results are served, over moto: parts, valid copies, expiry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from leanpix.contract import ErrorName
from leanpix.dialects.downloads import parse_download
from leanpix.domain.errors import LeanpixError
from leanpix.domain.results import Download, DownloadRequest
from leanpix.http import Request
from leanpix.services.results import ResultService

if TYPE_CHECKING:
    from tests.integration.conftest import Stack

NOW = 1_800_000_000.0
DAY = 86_400
DATA = b"0123456789"
PUBLIC_ID = "a" * 40
KEY = f"results/{PUBLIC_ID}/p.png"


@dataclass
class StoppedClock:
    """A clock that tests set."""

    time: float = NOW

    def now(self) -> float:
        """Return the time."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.time += seconds


@pytest.fixture
def clock() -> StoppedClock:
    """Return the clock."""
    return StoppedClock()


@pytest.fixture
def service(stack: Stack, clock: StoppedClock) -> ResultService:
    """Return the service over a bucket with one result of ten bytes."""
    write(stack, KEY, DATA)
    return ResultService(results=stack.bucket, clock=clock)


def write(stack: Stack, key: str, data: bytes) -> None:
    """Store a result that expires in a day."""
    stack.bucket.write(key, data, content_type="image/png", expires_at=NOW + DAY)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=2-4", (2, 5)),
        ("bytes=7-", (7, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=5-99", (5, 10)),
        ("bytes=5-5", (5, 6)),
        ("bytes=9-9", (9, 10)),
    ],
)
def test_a_range_is_answered_with_its_part(
    service: ResultService, header: str, span: tuple[int, int]
) -> None:
    """RFC 9110 §14."""
    download = service.download(DownloadRequest(object_key=KEY, byte_range=header))
    assert download.data == DATA[slice(*span)]
    assert download.content_range == f"bytes {span[0]}-{span[1] - 1}/10"


@pytest.mark.parametrize("header", ["bytes=9-2", "bytes=20-", "bytes=-", "lines=1-2", "x"])
def test_a_range_that_makes_no_sense_is_ignored(service: ResultService, header: str) -> None:
    """The whole file is a right answer to it."""
    download = service.download(DownloadRequest(object_key=KEY, byte_range=header))
    assert (download.data, download.content_range) == (DATA, None)


def test_a_copy_that_is_still_right_is_not_sent_again(service: ResultService) -> None:
    """RFC 9110 §13.1.2."""
    first = service.download(DownloadRequest(object_key=KEY))
    again = service.download(DownloadRequest(object_key=KEY, if_none_match=f'"x", {first.etag}'))
    assert again.is_unchanged


def test_an_expired_result_is_gone(service: ResultService, clock: StoppedClock) -> None:
    """Even while S3 still has it."""
    clock.time += DAY
    with pytest.raises(LeanpixError) as missing:
        service.download(DownloadRequest(object_key=KEY))
    assert missing.value.name is ErrorName.IMAGE_NOT_FOUND


@pytest.mark.parametrize("public_id", ["", "..", "a" * 39, "A" * 40, "b" * 40])
def test_what_is_no_results_id_finds_nothing(service: ResultService, public_id: str) -> None:
    """Nothing but results can be had."""
    request = Request(
        method="GET",
        path=f"/image/{public_id}/p.png",
        route="/image/{public_id}/{file_name}",
        path_parameters={"public_id": public_id, "file_name": "p.png"},
    )
    with pytest.raises(LeanpixError):
        service.download(parse_download(request))


def test_a_file_too_large_for_an_answer_is_linked_to(service: ResultService, stack: Stack) -> None:
    """Above what Lambda carries."""
    key = f"results/{'c' * 32}/p.png"
    write(stack, key, bytes(4_400_001))
    download = service.download(DownloadRequest(object_key=key))
    assert download.redirect_url is not None
    assert "X-Amz-Signature" in download.redirect_url


def head(service: ResultService, key: str, **headers: str) -> Download:
    """Return what a HEAD of a result with these headers finds."""
    public_id, _, file_name = key.removeprefix("results/").partition("/")
    request = Request(
        method="HEAD",
        path=f"/image/{public_id}/{file_name}",
        route="/image/{public_id}/{file_name}",
        path_parameters={"public_id": public_id, "file_name": file_name},
        headers=headers,
    )
    return service.download(parse_download(request))


def test_head_ignores_a_range(service: ResultService) -> None:
    """RFC 9110 §14.2: a Range is defined for GET alone."""
    download = head(service, KEY, range="bytes=2-4")
    assert (download.content_range, len(download.data)) == (None, 10)


def test_head_of_a_large_file_is_linked_to_by_a_url_for_head(
    service: ResultService, stack: Stack
) -> None:
    """A signature holds for one method."""
    key = f"results/{'c' * 40}/p.png"
    write(stack, key, bytes(4_400_001))
    for_head = head(service, key).redirect_url
    assert for_head is not None
    assert for_head != service.download(DownloadRequest(object_key=key)).redirect_url


@pytest.mark.parametrize("validator", ['"x"', 'W/"x"', "Tue, 24 Nov 2026 16:00:00 GMT"])
def test_if_range_that_does_not_match_gives_the_whole_file(
    service: ResultService, validator: str
) -> None:
    """RFC 9110 §13.1.5."""
    request = DownloadRequest(object_key=KEY, byte_range="bytes=2-4", if_range=validator)
    download = service.download(request)
    assert (download.data, download.content_range) == (DATA, None)


def test_if_range_that_matches_gives_the_part(service: ResultService) -> None:
    """The client's copy is the same file."""
    etag = service.download(DownloadRequest(object_key=KEY)).etag
    request = DownloadRequest(object_key=KEY, byte_range="bytes=2-4", if_range=etag)
    assert service.download(request).data == DATA[2:5]
    weak = DownloadRequest(object_key=KEY, byte_range="bytes=2-4", if_range=f"W/{etag}")
    assert service.download(weak).data == DATA


def test_if_range_comes_from_its_header() -> None:
    """As every condition does."""
    request = Request(
        method="GET",
        path="/",
        route="/image/{public_id}/{file_name}",
        path_parameters={"public_id": "a" * 40, "file_name": "p.png"},
        headers={"range": "bytes=2-4", "if-range": '"x"'},
    )
    found = parse_download(request)
    assert (found.byte_range, found.if_range) == ("bytes=2-4", '"x"')
