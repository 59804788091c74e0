"""Test results as HTTP files: types, HEAD, conditions, ranges, SVG."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import pytest
from PIL import Image

from leanpix.adapters.bucket import Bucket
from leanpix.contract import MAX_INLINE_RESPONSE_BYTES, OutputName
from leanpix.domain.ids import make_public_id
from leanpix.domain.results import result_object_key
from leanpix_local.cloud import LocalCloud
from tests.api import Api
from tests.images import make_photo

SVG = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn by hand, with a comment that nobody needs and much space between things -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="100" height="100" viewBox="0 0 100 100" onload="alert(1)">
    <script type="text/javascript">alert(document.cookie)</script>
    <image xlink:href="https://tracker.example.com/pixel.png" width="1" height="1"/>
    <rect   x="10.0000"   y="10.0000"   width="80.0000"   height="80.0000"   fill="#ff0000"/>
    <circle cx="50.000000" cy="50.000000" r="25.000000" fill="#0000ff" stroke="none"/>
</svg>
"""


def encode(kind: str) -> bytes:
    """Return a small photo in a format."""
    buffer = io.BytesIO()
    options = {"quality": 97} if kind in {"JPEG", "WEBP", "AVIF"} else {}
    photo = make_photo(width=256, height=160)
    (photo.quantize(200) if kind == "GIF" else photo).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture
def url(api: Api) -> str:
    """Return the URL of a result."""
    files = {"file": ("photo.jpg", encode("JPEG"))}
    (result,) = api.results({"type": "file"}, files)
    found: str = result["url"]
    return found


@pytest.fixture
def anyone(api: Api) -> Api:
    """Return a client without a key."""
    return Api(api.url)


@pytest.mark.parametrize(
    ("kind", "name", "content_type"),
    [
        ("JPEG", "a.jpg", "image/jpeg"),
        ("PNG", "a.png", "image/png"),
        ("GIF", "a.gif", "image/gif"),
        ("WEBP", "a.webp", "image/webp"),
        ("AVIF", "a.avif", "image/avif"),
    ],
)
def test_an_image_comes_with_its_content_type(
    api: Api, anyone: Api, kind: str, name: str, content_type: str
) -> None:
    data = api.upload(encode(kind), name, quality=50)
    api.completed(data["image_id"])
    answer = anyone.get(data["optimized_url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert Image.open(io.BytesIO(answer.content)).format == kind


def test_head_tells_what_get_would_give(anyone: Api, url: str) -> None:
    got, told = anyone.get(url), anyone.call("HEAD", url)
    assert (told.status_code, told.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert told.headers[name] == got.headers[name]


def test_head_of_a_large_result_has_its_length(cloud: LocalCloud, anyone: Api) -> None:
    """A function's answer cannot carry such a length: S3's does, to which HEAD is sent on."""
    bucket = Bucket(client=cloud.client("s3"), name=cloud.outputs[OutputName.BUCKET])
    public_id = make_public_id()
    data = bytes(MAX_INLINE_RESPONSE_BYTES + 1)
    bucket.write(
        result_object_key(public_id, "a.png"),
        data,
        content_type="image/png",
        expires_at=time.time() + 3_600,
    )
    told = anyone.call(
        "HEAD",
        f"/image/{public_id}/a.png",
        headers={"Range": "bytes=0-9"},
        allow_redirects=True,
    )
    assert told.status_code == 200
    assert int(told.headers["Content-Length"]) == len(data)


def test_a_copy_that_is_the_same_is_not_sent_again(anyone: Api, url: str) -> None:
    etag = anyone.get(url).headers["ETag"]
    same = anyone.get(url, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", etag)
    assert anyone.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "part"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=10-", slice(10, None)),
        ("bytes=-10", slice(-10, None)),
    ],
)
def test_a_part_is_sent_where_a_part_is_asked_for(
    anyone: Api, url: str, wanted: str, part: slice
) -> None:
    whole = anyone.get(url).content
    answer = anyone.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, whole[part])
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=9-1", "bytes=99999999-"])
def test_another_range_is_ignored(anyone: Api, url: str, wanted: str) -> None:
    assert anyone.get(url, headers={"Range": wanted}).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url + "x",
        lambda url: url.replace("/image/", "/image/0"),
        lambda url: url.rpartition("/")[0] + "/%2e%2e%2fx",
    ],
)
def test_what_is_not_there_is_404(anyone: Api, url: str, change: Callable[[str], str]) -> None:
    answer = anyone.get(change(url))
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


def test_any_page_may_show_a_result_but_not_run_it(anyone: Api, url: str) -> None:
    headers = anyone.get(url).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_an_svg_is_made_smaller_and_harmless(api: Api, anyone: Api) -> None:
    (result,) = api.results({"type": "file"}, {"file": ("drawing.svg", SVG)})
    assert (result["success"], result["format"]) == (True, "svg")
    answer = anyone.get(result["url"])
    assert answer.headers["Content-Type"] == "image/svg+xml"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    for harm in (b"script", b"alert", b"onload", b"tracker.example.com", b"nobody needs"):
        assert harm not in answer.content
    assert b"<circle" in answer.content
    assert len(answer.content) == result["optimized_size"] < len(SVG)
