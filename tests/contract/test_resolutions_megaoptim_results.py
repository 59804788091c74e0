"""Test what docs/api-coverage.md settles for MegaOptim's results and their URLs."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from PIL import Image

from leanpix import contract
from leanpix.adapters.engine import LeanpixEngine
from leanpix.contract import ROUTES
from leanpix.domain.callbacks import SIGNATURE_HEADER
from leanpix.domain.ids import is_public_id
from leanpix.domain.options import ImageOptions
from leanpix_cli.local_setup import LocalAccount
from tests.api import Api, Site
from tests.contract.megaoptim_calls import URL, errors, poll, results, submit, submit_files
from tests.handlers import BASE_URL, House
from tests.images import make_photo_jpeg, make_portrait_png


class TestSeveralUrlsOrFiles:
    def test_may_have_gaps_and_every_one_is_told_in_order(self, house: House) -> None:
        found = results(house, ("file5", b"gain:5"), ("file1", b"none:1"), ("file3", b"refused:3"))
        assert [(one["file_name"], one["success"]) for one in found] == [
            ("file1.png", False),
            ("file3.png", False),
            ("file5.png", True),
        ]

    def test_a_sixth_is_ignored(self, house: House) -> None:
        files = [(f"file{n}", b"gain:1") for n in range(1, 7)]
        assert len(results(house, *files)) == 5


class TestNoSavings:
    def test_is_zeros_and_null_with_a_reason_and_is_not_charged(self) -> None:
        house = House(tokens=5)
        (result,) = results(house, ("file", b"none:1"))
        assert result == {
            "success": False,
            "file_name": "file.png",
            "original_size": 6,
            "optimized_size": 0,
            "saved_bytes": 0,
            "saved_percent": 0,
            "url": None,
            "type": "compress",
            "format": "png",
            "reason": "no_savings",
        }
        assert house.call("POST", "/v1/users/info").json()["result"]["tokens"] == 5


class TestWhatCountsAsASaving:
    def test_is_one_percent_unless_deployed_otherwise(self) -> None:
        assert contract.MIN_SAVED_PERCENT == 1
        data = make_photo_jpeg(width=120, height=80, quality=95)
        usual = LeanpixEngine().optimize(data, ImageOptions(), max_seconds=30)
        greedy = LeanpixEngine(min_saved_percent=99)
        refused = greedy.optimize(data, ImageOptions(), max_seconds=30)
        assert usual.main is not None
        assert (refused.main, refused.reason) == (None, "already_optimized")


class TestWebpObject:
    def test_is_there_only_when_asked_for_and_is_free(
        self, cloud: Any, make_account: Callable[..., LocalAccount]
    ) -> None:
        api = Api(cloud.url, make_account(tokens=5, plan="free").api_key)
        files = {"file": ("photo.png", make_portrait_png())}
        (result,) = api.results({"type": "file", "webp": "1"}, files)
        assert set(result["webp"]) == {"url", "saved_bytes", "optimized_size", "saved_percent"}
        assert urlsplit(result["webp"]["url"]).path.endswith("/photo.png.webp")
        assert api.post("/v1/users/info").json()["result"]["tokens"] == 4

    def test_is_left_out_when_the_target_is_webp_already(self, house: House) -> None:
        fields = {"type": "url", "url": URL, "format": "webp", "webp": "1"}
        process_id = submit(house, fields, path="/v1/convert").json()["process_id"]
        house.finish()
        assert "webp" not in poll(house, process_id).json()["result"][0]


class TestMaxWidthAndMaxHeight:
    def test_fit_inside_both_keep_the_aspect_and_never_enlarge(self, api: Api) -> None:
        data = make_photo_jpeg(width=300, height=200, quality=96)
        sizes = []
        for width, height in ((150, 40), (90, 900), (900, 900)):
            fields = {"type": "file", "max_width": str(width), "max_height": str(height)}
            (result,) = api.results(fields, {"file": ("a.jpg", data)})
            content = Api(api.url).get(result["url"]).content
            sizes.append(Image.open(io.BytesIO(content)).size)
        assert sizes == [(60, 40), (90, 60), (300, 200)]


class TestTypeInAResult:
    @pytest.mark.parametrize(
        ("path", "fields", "kind"),
        [
            ("/v1/optimize", {"compression": "high"}, "compress"),
            ("/v1/convert", {"format": "webp"}, "convert"),
            ("/v1/convert", {"format": "avif", "compression": "high"}, "compress_convert"),
        ],
    )
    def test_tells_what_was_asked_for(
        self, house: House, path: str, fields: dict[str, str], kind: str
    ) -> None:
        answer = submit(house, {"type": "url", "url": URL, **fields}, path=path)
        house.finish()
        (result,) = poll(house, answer.json()["process_id"]).json()["result"]
        assert result["type"] == kind


class TestConvertWithTheOptionsOfOptimize:
    def test_is_accepted(self, house: House) -> None:
        fields = {
            "type": "url",
            "url": URL,
            "format": "avif",
            "max_width": "100",
            "max_height": "100",
            "cmyktorgb": "1",
            "http_user": "ada",
            "http_pass": "secret",
            "callback_url": "https://example.com/done",
        }
        assert submit(house, fields, path="/v1/convert").status == 202
        (job,) = house.world.jobs()
        assert job.images[0].options.max_width == 100
        assert job.images[0].options.cmyk_to_rgb is True
        assert job.callback is not None


class TestAConvertTargetThatComesOutLarger:
    def test_is_no_savings_like_any_other(
        self, cloud: Any, make_account: Callable[..., LocalAccount]
    ) -> None:
        api = Api(cloud.url, make_account(tokens=5, plan="free").api_key)
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
        fields = {"type": "file", "format": "avif"}
        (result,) = api.results(fields, {"file": ("a.png", buffer.getvalue())}, path="/v1/convert")
        assert (result["success"], result["url"], result["reason"]) == (False, None, "no_savings")
        assert (result["optimized_size"], result["saved_bytes"]) == (0, 0)
        assert api.post("/v1/users/info").json()["result"]["tokens"] == 5


class TestHttpUser:
    def test_without_http_pass_is_400(self, house: House) -> None:
        answer = submit(house, {"type": "url", "url": URL, "http_user": "ada"})
        assert errors(answer) == ["The http_pass field is required when http_user is set."]

    def test_with_files_is_ignored(self, house: House) -> None:
        assert submit_files(house, ("file", b"gain:1"), http_user="ada")

    def test_is_never_logged(self, house: House, caplog: pytest.LogCaptureFixture) -> None:
        fields = {"type": "url", "url": URL, "http_user": "ada", "http_pass": "s3cr3t-pass"}
        assert submit(house, fields).status == 202
        house.finish()
        (job,) = house.world.jobs()
        assert "s3cr3t-pass" not in caplog.text
        assert "s3cr3t-pass" not in repr(job)


class TestResultUrl:
    def test_is_percent_encoded_and_gives_the_bytes(self, api: Api, photo: bytes) -> None:
        (result,) = api.results({"type": "file"}, {"file": ("größe & 1.jpg", photo)})
        parts = urlsplit(result["url"])
        assert f"{parts.scheme}://{parts.netloc}" == api.url
        _, image, public_id, name = parts.path.split("/")
        assert image == "image"
        assert is_public_id(public_id)
        assert name == quote("größe & 1.jpg", safe="")
        answer = Api(api.url).get(result["url"])
        assert (answer.status_code, len(answer.content)) == (200, result["optimized_size"])


class TestAllImagesFailedForOurOwnFault:
    def test_is_500_with_the_documents_text(self, house: House) -> None:
        process_id = submit_files(house, ("file1", b"ours:1"), ("file2", b"ours:2"))
        house.finish()
        answer = poll(house, process_id)
        text = (
            "Optimization failure. Possible internal server error. Please contact support for"
            " more information."
        )
        assert (answer.status, answer.json()["errors"]) == (500, [text])

    def test_a_bad_image_is_a_normal_result(self, house: House) -> None:
        (result,) = results(house, ("file", b"refused:1"))
        assert (result["success"], bool(result["reason"])) == (False, True)

    def test_one_of_several_is_a_normal_result_too(self, house: House) -> None:
        found = results(house, ("file1", b"ours:1"), ("file2", b"gain:2"))
        assert [one["success"] for one in found] == [False, True]


class TestCallback:
    def test_posts_the_same_json_with_a_signature(
        self, api: Api, site: Site, photo: bytes
    ) -> None:
        fields = {"type": "file", "callback_url": f"{site.url}/done"}
        process_id = api.submit(fields, {"file": ("a.jpg", photo)})
        headers, body = site.wait_for("POST", seconds=60)
        assert json.loads(body) == api.wait(process_id)
        time, signature = headers[SIGNATURE_HEADER.lower()].split(",")
        assert time.startswith("t=")
        assert signature.startswith("v1=")


class TestStatusSoftware:
    def test_is_python_and_app(self, house: House) -> None:
        software = house.call("GET", "/status").json()["software"]
        assert list(software) == ["python", "app"]
        assert software["app"] == contract.APP_VERSION


class TestHeadAndCors:
    def test_head_ping_works(self, anyone: Api) -> None:
        answer = anyone.call("HEAD", "/ping")
        assert (answer.status_code, answer.content) == (200, b"")

    @pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
    def test_browsers_may_call_every_route(self, anyone: Api, path: str) -> None:
        headers = {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key, content-type, idempotency-key",
        }
        target = path.replace("{", "").replace("}", "")
        answer = anyone.call("OPTIONS", target, headers=headers)
        assert answer.status_code == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(",")
        assert {"x-api-key", "content-type", "idempotency-key"} <= set(allowed)
        methods = set(answer.headers["Access-Control-Allow-Methods"].split(","))
        assert {route.method for route in ROUTES if route.path == path} <= methods

    def test_answers_may_be_read_by_any_page(self, house: House) -> None:
        for answer in (house.call("GET", "/"), submit(house, {})):
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


class TestRetention:
    def test_is_seven_days(self, house: House) -> None:
        assert contract.RETENTION_DAYS == 7
        process_id = submit_files(house, ("file", b"gain:1"))
        house.finish()
        house.world.pass_time(7 * 86_400 - 60)
        assert poll(house, process_id).status == 200
        house.world.pass_time(120)
        assert poll(house, process_id).status == 404


def test_result_urls_lead_to_our_own_host(house: House) -> None:
    (result,) = results(house, ("file", b"gain:1"))
    assert result["url"].startswith(f"{BASE_URL}/image/")
