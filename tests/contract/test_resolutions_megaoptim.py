"""RESOLUTIONS, MegaOptim: one class a row, named by the row's first words."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from PIL import Image

from cli.local_account import LocalAccount
from leanpix import contract
from leanpix.adapters.optimizer_engine import LeanpixEngine
from leanpix.contract import ERRORS, GATEWAY_RESPONSES, ROUTES, Access, ErrorName
from leanpix.dialects import megaoptim
from leanpix.domain.callbacks import SIGNATURE_HEADER
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import is_public_id
from leanpix.domain.options import ImageOptions
from leanpix.http import Request
from tests.api import Api, Site
from tests.handlers import BASE_URL, SITE_URL, Answer, House, form
from tests.images import make_photo_jpeg
from tests.raw_http import multipart

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
URL = "https://example.com/gain"
PYTHON_CLIENT = {"User-Agent": "MegaOptim Python Client v1.0.0"}
KEY_ROUTES = [
    (route.method, route.path.replace("{process_id}", "123"))
    for route in ROUTES
    if route.access in {Access.KEY, Access.KEY_CHECKED_BY_GATEWAY}
]


@pytest.fixture
def house() -> House:
    """Handlers over services in memory."""
    return House()


def submit(
    house: House,
    fields: dict[str, str],
    *,
    path: str = "/v1/optimize",
    headers: dict[str, str] | None = None,
) -> Answer:
    """Submit a form."""
    return house.call(
        "POST", path, body=urlencode(fields).encode(), headers=URLENCODED | (headers or {})
    )


def submit_files(
    house: House, *files: tuple[str, bytes], path: str = "/v1/optimize", **fields: str
) -> int:
    """Submit files by their field's names, and return the process id."""
    kind = "files" if len(files) > 1 else "file"
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    parts += [(f'name="{name}"; filename="{name}.png"', data) for name, data in files]
    body, headers = form([('name="type"', kind.encode()), *parts])
    answer = house.call("POST", path, body=body, headers=headers)
    assert answer.status == 202, answer.body
    return int(answer.json()["process_id"])


def poll(house: House, process_id: int, **details: Any) -> Answer:
    """Ask for a result."""
    return house.call("POST", f"/v1/optimize/{process_id}/result", **details)


def results(house: House, *files: tuple[str, bytes], **fields: str) -> list[dict[str, Any]]:
    """Submit files, let the optimizer work, and return what became of each."""
    process_id = submit_files(house, *files, **fields)
    house.finish()
    found: list[dict[str, Any]] = poll(house, process_id).json()["result"]
    return found


def errors(answer: Answer) -> list[str]:
    """Return the texts of a 400."""
    assert answer.status == 400
    texts: list[str] = answer.json()["errors"]
    return texts


class TestProcessId:
    def test_is_a_random_integer_below_2_to_the_53(self, house: House) -> None:
        ids = [submit(house, {"type": "url", "url": URL}).json()["process_id"] for _ in range(9)]
        assert all(isinstance(one, int) and 0 < one < 2**53 for one in ids)
        assert len(set(ids)) == 9
        assert sorted(ids) != ids

    def test_goes_out_as_a_string_to_the_python_client(self, house: House) -> None:
        answer = submit(house, {"type": "url", "url": URL}, headers=PYTHON_CLIENT)
        assert answer.json()["process_id"].isdigit()


class TestMissingKey:
    @pytest.mark.parametrize(("method", "path"), KEY_ROUTES)
    def test_is_465_on_every_route_that_needs_a_key(
        self, anyone: Api, method: str, path: str
    ) -> None:
        answer = anyone.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (465, 465)
        assert answer.json()["errors"][0].startswith("Missing API key. Make sure you copy")


class TestInvalidKey:
    @pytest.mark.parametrize(("method", "path"), KEY_ROUTES)
    def test_is_404_but_401_on_users_info(self, cloud: Any, method: str, path: str) -> None:
        answer = Api(cloud.url, "unknown").call(method, path)
        if path == "/v1/users/info":
            expected = 401, "Your API Key is invalid."
        else:
            expected = 404, "Invalid API key."
        assert (answer.status_code, answer.json()["code"]) == (expected[0], expected[0])
        assert answer.json()["errors"][0].startswith(expected[1])


class TestAnotherAccountsJob:
    def test_is_401_and_an_unknown_one_404(self, house: House) -> None:
        house.world.add_account("acc_2", tokens=1)
        process_id = submit_files(house, ("file", b"gain:1"))
        denied = poll(house, process_id, account_id="acc_2")
        text = "Access denied. This optimization request does not belong to your account."
        assert (denied.status, denied.json()["errors"]) == (401, [text])
        unknown = poll(house, 12345)
        assert (unknown.status, unknown.json()["errors"]) == (404, ["Job not found."])


class TestNoTokens:
    def test_is_466_on_submit_and_users_info_works(self) -> None:
        house = House(tokens=0)
        answer = submit(house, {"type": "url", "url": URL})
        assert (answer.status, answer.json()["code"]) == (466, 466)
        info = house.call("POST", "/v1/users/info")
        assert (info.status, info.json()["result"]["tokens"]) == (200, 0)

    def test_one_too_few_for_all_images_of_a_job_is_466_too(self) -> None:
        house = House(tokens=1)
        answer = submit(house, {"type": "urls", "url1": URL, "url2": URL})
        assert answer.status == 466

    def test_minus_one_is_unlimited(self, house: House) -> None:
        assert house.call("POST", "/v1/users/info").json()["result"]["tokens"] == -1


class TestHttpStatusAndBodyCode:
    @pytest.mark.parametrize("name", list(ErrorName))
    def test_are_always_equal(self, name: ErrorName) -> None:
        error = LeanpixError(name, wait_seconds=80, kind="form")
        answer = megaoptim.render_error(error, site_url=SITE_URL)
        assert json.loads(answer.body)["code"] == answer.status == ERRORS[name].status


class TestVendorLinks:
    @pytest.mark.parametrize("name", list(ErrorName))
    def test_are_the_configured_site(self, name: ErrorName) -> None:
        error = LeanpixError(name, wait_seconds=80, kind="form")
        text = megaoptim.render_error(error, site_url="https://images.example.org").body.decode()
        assert "megaoptim" not in text
        assert text.count("https://") == text.count("https://images.example.org")


class TestErrorsMadeByApiGateway:
    @pytest.mark.parametrize("kind", sorted(GATEWAY_RESPONSES))
    def test_are_json_that_both_apis_clients_understand(self, kind: str) -> None:
        name = GATEWAY_RESPONSES[kind]
        body = contract.render_gateway_body(name, site_url=SITE_URL)
        status, text = ERRORS[name].status, ERRORS[name].text.format(site=SITE_URL)
        assert body == {
            "status": "error",
            "code": status,
            "errors": [text],
            "success": False,
            "message": text,
        }

    @pytest.mark.parametrize("path", ["/nope", "/v1/nope", "/api/nope", "/v1/optimize/1/nope"])
    def test_an_unknown_route_is_404(self, anyone: Api, path: str) -> None:
        for method in ("GET", "POST", "DELETE"):
            answer = anyone.call(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, 404)
            assert set(answer.json()) == {"status", "code", "errors", "success", "message"}

    def test_429_tells_when_to_try_again(self) -> None:
        """Seen in ``tests/e2e/test_rates.py``."""
        assert ERRORS[ErrorName.TOO_MANY_REQUESTS].retry_after_seconds


class TestTimeout:
    @pytest.mark.parametrize(
        ("query", "body", "held"),
        [
            ({}, b"", 80),
            ({"timeout": "1"}, b"", 30),
            ({"timeout": "75"}, b"", 75),
            ({"timeout": "300"}, b"", 120),
            ({"timeout300": ""}, b"", 80),
            ({}, b"timeout=45", 45),
            ({"timeout": "soon"}, b"", 80),
        ],
    )
    def test_is_clamped_and_never_a_400(
        self, query: dict[str, str], body: bytes, held: int
    ) -> None:
        headers = {"content-type": URLENCODED["Content-Type"]}
        request = Request(method="POST", path="/", query=query, headers=headers, body=body)
        assert megaoptim.parse_wait_seconds(request) == held

    def test_that_is_over_is_504_with_the_seconds_held(self, house: House) -> None:
        process_id = submit_files(house, ("file", b"gain:1"))
        answer = poll(house, process_id)
        text = "Request timeout! The max timeout of 0 seconds was reached."
        assert (answer.status, answer.json()) == (
            504,
            {"status": "error", "code": 504, "errors": [text]},
        )


class TestPollBody:
    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"", ""),
            (b"timeout=80", "application/x-www-form-urlencoded"),
            (b"--b--", "multipart/form-data; boundary=b"),
            (b"--b--\r\n", "multipart/form-data; boundary=b"),
            (b"\xff", "application/json"),
        ],
    )
    def test_may_be_anything(self, house: House, body: bytes, content_type: str) -> None:
        process_id = submit_files(house, ("file", b"gain:1"))
        house.finish()
        answer = poll(house, process_id, body=body, headers={"Content-Type": content_type})
        assert answer.status == 200


class TestBodiesAcceptedOnSubmit:
    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (f"type=url&url={quote(URL)}".encode(), "application/x-www-form-urlencoded"),
            (json.dumps({"type": "url", "url": URL, "webp": 1}).encode(), "application/json"),
            (
                multipart(
                    [
                        (b'Content-Disposition: form-data; name="type"', b"url"),
                        (b'Content-Disposition: form-data; name="url"', URL.encode()),
                    ]
                ),
                "multipart/form-data; boundary=b",
            ),
        ],
    )
    def test_are_multipart_urlencoded_and_json(
        self, house: House, body: bytes, content_type: str
    ) -> None:
        headers = {"Content-Type": content_type}
        assert house.call("POST", "/v1/optimize", body=body, headers=headers).status == 202

    @pytest.mark.parametrize("said", ["", "\r\nContent-Type: application/octet-stream"])
    def test_the_bytes_tell_what_a_part_is(self, api: Api, photo: bytes, said: str) -> None:
        head = f'Content-Disposition: form-data; name="file"; filename="x"{said}'.encode()
        kind = (b'Content-Disposition: form-data; name="type"', b"file")
        answer = api.post(
            "/v1/optimize",
            data=multipart([kind, (head, photo)]),
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        )
        (result,) = api.wait(answer.json()["process_id"])["result"]
        assert (result["success"], result["format"]) == (True, "jpg")

    def test_a_file_name_loses_its_path(self, house: House) -> None:
        body, headers = form(
            [('name="type"', b"file"), ('name="file"; filename="/srv/www/a b.png"', b"gain:1")]
        )
        answer = house.call("POST", "/v1/optimize", body=body, headers=headers)
        house.finish()
        (result,) = poll(house, answer.json()["process_id"]).json()["result"]
        assert result["file_name"] == "a b.png"


class TestUnknownFieldsAndZero:
    @pytest.mark.parametrize("off", ["0", ""])
    def test_are_ignored_and_mean_off(self, house: House, off: str) -> None:
        names = ("webp", "keep_exif", "cmyktorgb", "max_width", "max_height")
        fields = {"type": "url", "url": URL, "whatever": "1"} | dict.fromkeys(names, off)
        process_id = submit(house, fields).json()["process_id"]
        house.finish()
        (result,) = poll(house, process_id).json()["result"]
        assert "webp" not in result


class TestUrlOrFileWithAnUnusableValue:
    def test_is_400_with_all_problems_at_once_each_naming_its_field(self, house: House) -> None:
        fields = {"type": "urls", "url1": "x", "url4": "y", "compression": "z", "webp": "7"}
        texts = errors(submit(house, fields))
        assert [text.split()[1] for text in texts] == ["url1", "url4", "compression", "webp"]

    @pytest.mark.parametrize(
        ("kind", "field"), [("url", "url"), ("file", "file"), ("urls", "url1"), ("files", "file1")]
    )
    def test_is_400_where_it_is_missing(self, house: House, kind: str, field: str) -> None:
        (text,) = errors(submit(house, {"type": kind}))
        assert text.startswith(f"The {field} field is required")


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
        assert (refused.main, refused.reason) == (None, "no_savings")


class TestWebpObject:
    def test_is_there_only_when_asked_for_and_is_free(
        self, cloud: Any, make_account: Callable[..., LocalAccount], photo: bytes
    ) -> None:
        api = Api(cloud.url, make_account(tokens=5, plan="free").api_key)
        files = {"file": ("photo.jpg", photo)}
        (result,) = api.results({"type": "file", "webp": "1"}, files)
        assert set(result["webp"]) == {"url", "saved_bytes", "optimized_size", "saved_percent"}
        assert urlsplit(result["webp"]["url"]).path.endswith("/photo.jpg.webp")
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
