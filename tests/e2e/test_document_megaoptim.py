"""Test by curl that every example of MegaOptim's document answers as it is printed there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from leanpix.contract import OutputName
from leanpix.domain.ids import is_public_id
from leanpix_cli.local_setup import LocalAccount
from leanpix_local.cloud import LocalCloud
from tests.api import Api, Site
from tests.transcript import Transcript, shape

SITE = "https://leanpix.example"
"""What stands in the vendor's place in error texts; a deploy setting."""

OPTIMIZE_BY_URL = r"""curl -X POST https://api.megaoptim.com/v1/optimize \
-H "X-API-KEY: your_api_key" \
-F "type=url" \
-F "url=https://example.com/photo.jpg" \
-F "compression=medium"
"""
CONVERT_TO_WEBP = r"""curl -X POST https://api.megaoptim.com/v1/convert \
-H "X-API-KEY: your_api_key" \
-F "type=file" \
-F "file=@/path/to/image.jpg" \
-F "compression=high" \
-F "format=webp"
"""
CONVERT_TO_AVIF = r"""curl -X POST https://api.megaoptim.com/v1/convert \
-H "X-API-KEY: your_api_key" \
-F "type=file" \
-F "file=@/path/to/image.jpg" \
-F "format=avif"
"""
USERS_INFO = r"""curl -X POST https://api.megaoptim.com/v1/users/info \
-H "X-API-KEY: your_api_key"
"""
ADDED = ("score", "quality")
"""Members that the document has not."""
ACCEPTED = {"status": "processing", "code": 202, "process_id": 12345}
RESULT = {
    "status": "ok",
    "code": 200,
    "result": [
        {
            "success": True,
            "file_name": "photo.jpg",
            "original_size": 524288,
            "optimized_size": 314572,
            "saved_bytes": 209716,
            "saved_percent": 40.0,
            "url": "https://cdn.example.com/abc123/photo.jpg",
            "type": "compress",
            "format": "jpg",
        }
    ],
    "id": 12345,
    "user": {"name": "John Doe", "email": "[email protected]", "tokens": 4500},
}


@pytest.fixture
def transcript(api: Api, site: Site, photo: bytes, tmp_path: Path) -> Transcript:
    """Return the transcript with a real photo as the document's file and page."""
    file = tmp_path / "image.jpg"
    file.write_bytes(photo)
    site.pages["/photo.jpg"] = photo
    assert api.api_key
    return Transcript(api.url, api.api_key, file, page=f"{site.url}/photo.jpg")


def without_added(result: dict[str, Any]) -> dict[str, Any]:
    """Return an image's result as the document has it: what the search found is ours."""
    added = {name: result[name] for name in ADDED}
    assert all(value is None or value > 0 for value in added.values())
    return {name: value for name, value in result.items() if name not in ADDED}


def check_converted(api: Api, process_id: int, *, kind: str, operation: str) -> None:
    (result,) = api.wait(process_id, path="/v1/convert")["result"]
    printed = RESULT["result"][0] | {  # type: ignore[index]  # the printed answer is JSON
        "file_name": "image.jpg",
        "type": operation,
        "format": kind,
    }
    assert shape(without_added(result)) == shape(printed)
    assert result["url"].endswith(f"/image.{kind}")


def test_optimize_by_url_and_its_result(transcript: Transcript, api: Api) -> None:
    status, accepted = transcript.run(OPTIMIZE_BY_URL)
    assert (status, shape(accepted)) == (202, shape(ACCEPTED))
    result = api.wait(accepted["process_id"])
    result["result"] = [without_added(image) for image in result["result"]]
    assert shape(result) == shape(RESULT)
    assert list(result) == list(RESULT)
    assert result["id"] == accepted["process_id"]


def test_upload_and_convert_to_webp(transcript: Transcript, api: Api) -> None:
    status, accepted = transcript.run(CONVERT_TO_WEBP)
    assert (status, shape(accepted)) == (202, shape(ACCEPTED))
    check_converted(api, accepted["process_id"], kind="webp", operation="compress_convert")


def test_convert_to_avif(transcript: Transcript, api: Api) -> None:
    status, accepted = transcript.run(CONVERT_TO_AVIF)
    assert (status, shape(accepted)) == (202, shape(ACCEPTED))
    check_converted(api, accepted["process_id"], kind="avif", operation="convert")


def test_users_info(transcript: Transcript) -> None:
    printed = {
        "status": "ok",
        "code": 200,
        "result": {
            "name": "John Doe",
            "email": "[email protected]",
            "tokens": 4500,
            "verified": 1,
        },
    }
    status, info = transcript.run(USERS_INFO)
    assert (status, shape(info)) == (200, shape(printed))


@pytest.mark.parametrize(
    ("path", "printed"),
    [
        ("/", {"status": 1}),
        ("/ping", {"status": "ok", "code": 200}),
    ],
)
def test_utility_endpoints(transcript: Transcript, path: str, printed: object) -> None:
    assert transcript.run(f"curl https://api.megaoptim.com{path}") == (200, printed)


def test_server_status(transcript: Transcript) -> None:
    status, body = transcript.run("curl https://api.megaoptim.com/status")
    assert (status, body["status"], body["code"]) == (200, "ok", 200)
    assert list(body["software"]) == ["python", "app"]


def test_image_download(transcript: Transcript, api: Api) -> None:
    _, accepted = transcript.run(OPTIMIZE_BY_URL)
    (result,) = api.wait(accepted["process_id"])["result"]
    _, image, public_id, file_name = urlsplit(result["url"]).path.split("/")
    assert (image, file_name) == ("image", "photo.jpg")
    assert is_public_id(public_id)
    answer = Api(api.url).get(result["url"])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert Api(api.url).get(f"/image/{public_id}/other.jpg").status_code == 404


class TestErrors:
    """The status, code and text of each error, word for word."""

    def test_validation_400(self, transcript: Transcript) -> None:
        command = OPTIMIZE_BY_URL.replace('-F "type=url" \\\n', "")
        text = "The type field is required and must be one of: url, file, urls, files."
        addition = "Or upload, for an upload_id that POST /v1/uploads granted."
        assert transcript.run(command) == (
            400,
            {"status": "error", "code": 400, "errors": [text, addition]},
        )

    def test_not_found_404(self, api: Api) -> None:
        answer = api.post("/v1/optimize/12345/result")
        printed = {"status": "error", "errors": ["Job not found."], "code": 404}
        assert (answer.status_code, answer.json()) == (404, printed)

    def test_access_denied_401(
        self, api: Api, make_account: Callable[..., LocalAccount], photo: bytes
    ) -> None:
        process_id = api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
        other = Api(api.url, make_account().api_key)
        answer = other.post(f"/v1/optimize/{process_id}/result")
        text = "Access denied. This optimization request does not belong to your account."
        assert (answer.status_code, answer.json()) == (
            401,
            {"status": "error", "errors": [text], "code": 401},
        )

    def test_failed_500(self, cloud: LocalCloud, api: Api, photo: bytes) -> None:
        process_id = api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
        api.wait(process_id)
        cloud.client("dynamodb").update_item(
            TableName=cloud.outputs[OutputName.JOBS_TABLE],
            Key={"job_id": {"S": str(process_id)}, "part": {"S": "image#0"}},
            UpdateExpression="SET #state = :failed",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":failed": {"S": "failed"}},
        )
        answer = api.post(f"/v1/optimize/{process_id}/result")
        text = (
            "Optimization failure. Possible internal server error. Please contact support for"
            " more information."
        )
        assert (answer.status_code, answer.json()) == (
            500,
            {"status": "error", "code": 500, "errors": [text]},
        )

    def test_invalid_key_on_users_info_401(self, transcript: Transcript) -> None:
        status, body = transcript.run(USERS_INFO.replace("your_api_key", "unknown"))
        text = (
            f"Your API Key is invalid. Make sure you use the correct API key obtained from {SITE}/"
        )
        assert (status, body["code"], body["errors"]) == (401, 401, [text])

    def test_missing_key_465(self, transcript: Transcript) -> None:
        command = USERS_INFO.replace(' \\\n-H "X-API-KEY: your_api_key"', "")
        text = (
            "Missing API key. Make sure you copy the correct API key from"
            f" {SITE}/dashboard or if you do not have one, sign up at {SITE}"
        )
        status, body = transcript.run(command)
        assert (status, body["status"], body["code"], body["errors"]) == (
            465,
            "error",
            465,
            [text],
        )

    def test_invalid_key_404(self, transcript: Transcript) -> None:
        text = f"Invalid API key. You can always signup on our site {SITE} and choose your plan."
        status, body = transcript.run(OPTIMIZE_BY_URL.replace("your_api_key", "unknown"))
        assert (status, body["code"], body["errors"]) == (404, 404, [text])

    def test_insufficient_tokens_466(
        self, api: Api, make_account: Callable[..., LocalAccount]
    ) -> None:
        poor = Api(api.url, make_account(tokens=0, plan="free").api_key)
        answer = poor.post("/v1/optimize", data={"type": "url", "url": "http://example.com/a.jpg"})
        text = (
            f"No tokens left. Please top up your account at {SITE}/dashboard in order to continue."
        )
        assert (answer.status_code, answer.json()) == (
            466,
            {"status": "error", "code": 466, "errors": [text]},
        )
