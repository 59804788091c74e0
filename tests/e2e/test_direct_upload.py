"""Test that large images go to S3 directly: grant, upload, submit, result."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from leanpix.contract import MAX_INLINE_BYTES, MAX_INLINE_RESPONSE_BYTES, MAX_SOURCE_BYTES
from leanpix_cli.local_setup import LocalAccount
from tests.api import Api
from tests.images import make_photo_jpeg, make_portrait_png


@pytest.fixture(scope="module")
def large_photo() -> bytes:
    """Return a JPEG too large for a request: all noise, so that it has few pixels."""
    noise = np.random.default_rng(7).integers(0, 256, (1600, 1600, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=98, subsampling=0)
    data = buffer.getvalue()
    assert MAX_INLINE_BYTES < len(data) < 10_000_000
    return data


def grant(api: Api, *, size: int, name: str = "photo.jpg", kind: str = "image/jpeg") -> Any:
    """Ask for an upload."""
    fields = {"name": name, "size": size, "content_type": kind}
    return api.post("/v1/uploads", data=fields)


def upload(granted: dict[str, Any], data: bytes) -> int:
    """Upload to S3 as the grant says, and return the status."""
    files = {"file": ("photo.jpg", data)}
    answer = requests.post(granted["url"], data=granted["fields"], files=files, timeout=60)
    return answer.status_code


def uploaded(api: Api, data: bytes, name: str = "photo.jpg") -> str:
    """Return the id of a completed upload."""
    granted = grant(api, size=len(data), name=name).json()
    assert upload(granted, data) in {200, 201, 204}
    upload_id: str = granted["upload_id"]
    return upload_id


def test_an_image_too_large_for_a_request_is_uploaded_and_optimized(
    api: Api, large_photo: bytes
) -> None:
    """Its result is too large for an answer of Lambda's; CloudFront gives it from S3."""
    upload_id = uploaded(api, large_photo)
    fields = {"type": "upload", "upload_id": upload_id, "compression": "lossless"}
    (result,) = api.results(fields)
    assert (result["success"], result["file_name"]) == (True, "photo.jpg")
    assert result["original_size"] == len(large_photo)
    assert result["optimized_size"] > MAX_INLINE_RESPONSE_BYTES
    answer = Api(api.url).get(result["url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert len(answer.content) == result["optimized_size"]


def test_a_grant_is_good_for_15_minutes_and_one_size(api: Api) -> None:
    granted = grant(api, size=1000).json()
    assert set(granted) == {"status", "code", "upload_id", "url", "fields", "expires_in"}
    assert (granted["status"], granted["code"], granted["expires_in"]) == ("ok", 200, 900)
    assert upload(granted, bytes(1001)) == 400
    assert upload(granted, bytes(1000)) in {200, 201, 204}


def test_an_upload_may_be_no_larger_than_the_limit(api: Api) -> None:
    assert grant(api, size=MAX_SOURCE_BYTES).status_code == 200
    answer = grant(api, size=MAX_SOURCE_BYTES + 1)
    assert answer.status_code == 400
    assert str(MAX_SOURCE_BYTES) in answer.json()["errors"][0]


def test_every_problem_of_a_grant_is_told_at_once(api: Api) -> None:
    answer = api.post("/v1/uploads", data={"content_type": "text/html"})
    assert answer.status_code == 400
    assert [text.split()[1] for text in answer.json()["errors"]] == [
        "size",
        "name",
        "content_type",
    ]


def test_uploads_are_optimized_several_at_once_and_converted(api: Api) -> None:
    ids = [uploaded(api, make_portrait_png(), f"{name}.png") for name in "ba"]
    fields = {"type": "upload", "upload_id1": ids[0], "upload_id3": ids[1], "format": "webp"}
    results = api.results(fields, path="/v1/convert")
    assert [(one["file_name"], one["format"]) for one in results] == [
        ("b.png", "webp"),
        ("a.png", "webp"),
    ]


def test_an_upload_that_was_not_completed_names_its_field(api: Api) -> None:
    granted = grant(api, size=1000).json()
    for upload_id in (granted["upload_id"], "../../x", "0" * 40):
        answer = api.post("/v1/optimize", data={"type": "upload", "upload_id": upload_id})
        assert answer.status_code == 400
        assert "upload_id" in answer.json()["errors"][0]


def test_an_upload_belongs_to_its_account(
    api: Api, make_account: Callable[..., LocalAccount]
) -> None:
    upload_id = uploaded(api, make_photo_jpeg(width=200, height=150))
    other = Api(api.url, make_account().api_key)
    answer = other.post("/v1/optimize", data={"type": "upload", "upload_id": upload_id})
    assert answer.status_code == 400


@pytest.mark.parametrize("spare", [0, 2_000_000])
def test_an_inline_body_that_is_too_large_is_told_of_uploads(api: Api, spare: int) -> None:
    """Between 4.5 and 6 MB the function says so, above it API Gateway does."""
    data = bytes(MAX_INLINE_BYTES + spare)
    answer = api.post("/v1/optimize", data={"type": "file"}, files={"file": ("a.jpg", data)})
    assert (answer.status_code, answer.json()["code"]) == (413, 413)
    assert "/v1/uploads" in answer.json()["errors"][0]


@pytest.mark.parametrize("spare", [0, 2_000_000])
def test_tinyjpgs_envelope_tells_of_uploads_too(api: Api, spare: int) -> None:
    data = bytes(MAX_INLINE_BYTES + spare)
    answer = api.post("/api/optimize", files={"image": ("a.jpg", data)})
    assert (answer.status_code, answer.json()["success"]) == (413, False)
    assert "/v1/uploads" in answer.json()["message"]
