"""Test what docs/api-coverage.md settles for MegaOptim: keys, requests, polls."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from leanpix import contract
from leanpix.contract import ERRORS, GATEWAY_RESPONSES, ROUTES, Access, ErrorName
from leanpix.dialects import megaoptim
from leanpix.domain.errors import LeanpixError
from leanpix.http import Request
from tests.api import Api
from tests.contract.megaoptim_calls import (
    PYTHON_CLIENT,
    URL,
    URLENCODED,
    errors,
    poll,
    submit,
    submit_files,
)
from tests.handlers import SITE_URL, House, form
from tests.raw_http import multipart

KEY_ROUTES = [
    (route.method, route.path.replace("{process_id}", "123"))
    for route in ROUTES
    if route.access in {Access.KEY, Access.KEY_CHECKED_BY_GATEWAY}
]


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

    @pytest.mark.parametrize(("method", "path"), KEY_ROUTES)
    def test_in_another_header_is_465_with_a_hint(
        self, anyone: Api, method: str, path: str
    ) -> None:
        answer = anyone.call(method, path, headers={"Authorization": "Bearer lpxabcdef"})
        assert answer.status_code == 465
        assert "X-API-KEY" in answer.json()["hint"]


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
        error = LeanpixError(name, wait_seconds=80, kind="form", methods="GET", why="")
        answer = megaoptim.render_error(error, site_url=SITE_URL)
        assert json.loads(answer.body)["code"] == answer.status == ERRORS[name].status


class TestVendorLinks:
    @pytest.mark.parametrize("name", list(ErrorName))
    def test_are_the_configured_site(self, name: ErrorName) -> None:
        error = LeanpixError(name, wait_seconds=80, kind="form", methods="GET", why="")
        text = megaoptim.render_error(error, site_url="https://images.example.org").body.decode()
        assert "megaoptim" not in text
        assert text.count("https://") == text.count("https://images.example.org")


class TestErrorsMadeByApiGateway:
    @pytest.mark.parametrize("kind", sorted(GATEWAY_RESPONSES))
    def test_are_json_that_both_apis_clients_understand(self, kind: str) -> None:
        name = GATEWAY_RESPONSES[kind]
        body = contract.render_gateway_body(name, site_url=SITE_URL)
        hint = body.pop("hint", None)
        assert (hint is not None) is (name is ErrorName.MISSING_API_KEY)
        status, text = ERRORS[name].status, ERRORS[name].text.format(site=SITE_URL)
        assert body == {
            "status": "error",
            "code": status,
            "errors": [text],
            "success": False,
            "error": ERRORS[name].title,
            "message": text,
        }

    @pytest.mark.parametrize("path", ["/nope", "/v1/nope", "/api/nope", "/v1/optimize/1/nope"])
    def test_an_unknown_route_is_404(self, anyone: Api, path: str) -> None:
        for method in ("GET", "POST", "DELETE"):
            answer = anyone.call(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, 404)
            envelope = {"status", "code", "errors", "success", "error", "message"}
            assert set(answer.json()) == envelope

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("GET", "/v1/optimize", "OPTIONS, POST"),
            ("DELETE", "/api/status/1", "GET, OPTIONS"),
            # Not `/image/…`: CloudFront, which serves files, answers other methods itself.
            ("PUT", "/ping", "GET, HEAD, OPTIONS"),
            ("POST", "/docs", "GET, OPTIONS"),
        ],
    )
    def test_a_method_that_a_path_has_not_is_405_with_allow(
        self, anyone: Api, method: str, path: str, allowed: str
    ) -> None:
        answer = anyone.call(method, path, data=b"\0", headers={"Content-Type": "image/png"})
        assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
        assert allowed in answer.text

    def test_429_tells_when_to_try_again(self) -> None:
        """Seen in `tests/e2e/test_rates.py`."""
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
