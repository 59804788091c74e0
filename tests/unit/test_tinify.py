"""Test Tinify's API over services in memory; tests/e2e drives its SDKs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leanpix.contract import MAX_INLINE_BYTES, SECURITY_HEADERS
from leanpix.domain.destinations import GcsDestination, S3Destination
from leanpix.domain.ids import make_public_id
from leanpix.domain.jobs import UrlSource
from leanpix.http import parse_basic_password
from leanpix.services.polls import PollService
from tests.handlers import BASE_URL, KEY, Answer, House
from tests.images import make_photo_jpeg

PHOTO = make_photo_jpeg(width=48, height=32)
GAIN, NONE, REFUSED = b"gain:" + b"x" * 20, b"none:" + b"x" * 20, b"refused:1"
S3 = {
    "service": "s3",
    "aws_access_key_id": "AKIA",
    "aws_secret_access_key": "secret",
    "region": "eu-central-1",
    "path": "bucket/some path/a.png",
}
GCS = {"service": "gcs", "gcp_access_token": "token", "path": "bucket/a.png"}


def held(*, tokens: int = 9) -> House:
    """Return a house in which images are worked on while requests are held."""
    house = House(tokens=tokens)
    world = house.world
    world.clock.sleep = lambda _: house.finish()  # type: ignore[method-assign, assignment]  # others work meanwhile
    world.poll_service = PollService(
        jobs=world.job_service,
        accounts=world.backend.accounts,
        clock=world.clock,
        max_hold_seconds=27,
    )
    return house


def shrink(house: House, body: bytes = GAIN, content_type: str = "", **more: Any) -> Answer:
    headers = {"Content-Type": content_type} if content_type else {}
    return house.call("POST", "/shrink", body=body, headers=headers, **more)


def shrink_url(house: House, url: str, **more: Any) -> Answer:
    body = json.dumps({"source": {"url": url}}).encode()
    return shrink(house, body, "application/json", **more)


def output(house: House, shrunk: Answer, commands: object = None, method: str = "") -> Answer:
    path = shrunk.headers["Location"].removeprefix(BASE_URL)
    body = b"" if commands is None else json.dumps(commands).encode()
    return house.call(method or ("GET" if commands is None else "POST"), path, body=body)


def count(answer: Answer) -> int:
    return int(answer.headers["Compression-Count"])


def told(answer: Answer) -> tuple[int, str, str]:
    body = answer.json()
    assert set(body) == {"error", "message"}
    return answer.status, body["error"], body["message"]


class TestShrink:
    def test_answers_with_the_facts_of_both_files_and_the_place_of_the_output(self) -> None:
        answer = shrink(held())
        body = answer.json()
        assert answer.status == 201
        assert body["input"] == {"size": 25, "type": "image/png"}
        assert body["output"]["ratio"] == round(12 / 25, 4)
        assert (body["output"]["size"], body["output"]["type"]) == (12, "image/png")
        assert body["output"]["url"] == answer.headers["Location"]
        assert answer.headers["Location"].startswith(f"{BASE_URL}/output/")

    def test_answers_with_the_input_alone_when_the_time_is_up(self) -> None:
        house = House()
        answer = shrink(house)
        assert (answer.status, answer.json()) == (
            201,
            {"input": {"size": 25, "type": "image/png"}},
        )
        assert output(house, answer).status == 504
        house.finish()
        assert output(house, answer).body == GAIN[:12]

    def test_knows_nothing_of_a_url_when_the_time_is_up(self) -> None:
        assert shrink_url(House(), "https://images.example/gain").json() == {"input": {}}

    @pytest.mark.parametrize(
        "content_type",
        [
            "",
            "image/png",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json",
            "application/json; charset=utf-8",
        ],
    )
    def test_tells_an_image_by_its_bytes(self, content_type: str) -> None:
        assert shrink(House(), PHOTO, content_type).json()["input"]["type"] == "image/jpeg"

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json",
            "APPLICATION/JSON",
            "application/json; charset=utf-8",
            "application/json, multipart/form-data",
        ],
    )
    def test_reads_a_url_whatever_follows_the_type(self, content_type: str) -> None:
        body = b'{"source":{"url":"https://images.example/gain"}}'
        assert shrink(held(), body, content_type).status == 201

    def test_keeps_a_fetched_source_for_later_commands(self) -> None:
        house = held()
        answer = shrink_url(house, "https://images.example/gain")
        assert count(output(house, answer, {"resize": {"width": 9}})) == 2
        first, second = sorted(house.world.jobs(), key=lambda job: job.images[0].index)[:2]
        sources = {type(job.images[0].source) for job in (first, second)}
        assert UrlSource in sources
        assert len(sources) == 2

    def test_serves_the_original_where_nothing_was_gained(self) -> None:
        house = held()
        answer = shrink(house, NONE)
        assert answer.json()["output"]["ratio"] == 1.0
        assert output(house, answer).body == NONE
        assert count(answer) == 0


class TestErrors:
    def test_of_an_empty_body_is_free_and_tells_the_count(self) -> None:
        answer = shrink(held(), b"")
        assert told(answer) == (400, "Input missing", "File is empty")
        assert count(answer) == 0

    def test_of_no_key_comes_before_the_body(self) -> None:
        for body in (b"", GAIN, b"x" * (MAX_INLINE_BYTES + 1)):
            answer = shrink(House(), body, account_id=None)
            assert told(answer) == (401, "Unauthorized", "Credentials are invalid")
            assert "Compression-Count" not in answer.headers

    def test_of_no_tokens_has_the_words_that_clients_match(self) -> None:
        answer = shrink(held(tokens=0))
        assert told(answer) == (
            429,
            "Too many requests",
            "Your monthly limit has been exceeded",
        )
        assert count(answer) == 0

    @pytest.mark.parametrize("body", [b"hello", b"\x00", b"GIF89a", b"{}"])
    def test_of_no_image_is_415(self, body: bytes) -> None:
        assert told(shrink(House(), body)) == (
            415,
            "Unsupported media type",
            "File type is not supported.",
        )

    @pytest.mark.parametrize(
        "body",
        [b"{", b"[]", b"{}", b'{"source":1}', b'{"source":{"url":7}}', b"\xff", b"[" * 9999],
    )
    def test_of_json_without_a_url(self, body: bytes) -> None:
        assert told(shrink(House(), body, "application/json"))[:2] == (
            400,
            "JSON validation error",
        )

    @pytest.mark.parametrize(
        "url", ["x", "ftp://a/b", "https://u:p@a.example/", "https://a.example:99/", "h" * 3000]
    )
    def test_of_a_url_that_is_none(self, url: str) -> None:
        assert told(shrink_url(House(), url)) == (400, "Source not found", "Cannot parse URL")

    def test_of_a_url_without_a_file_comes_at_whichever_call_sees_it(self) -> None:
        house = House()
        answer = shrink_url(house, "https://images.example/refused")
        house.finish()
        assert told(output(house, answer))[:2] == (400, "Source not found")
        assert told(shrink(held(), REFUSED))[:2] == (400, "Source not found")

    def test_of_ours_is_a_500(self) -> None:
        assert told(shrink(held(), b"ours:1"))[:2] == (500, "InternalServerError")

    def test_of_a_body_that_is_too_large(self) -> None:
        answer = shrink(House(), b"x" * (MAX_INLINE_BYTES + 1))
        assert told(answer)[:2] == (413, "Request entity too large")

    @pytest.mark.parametrize("output_id", ["x", "0" * 54, "0" * 53, "g" * 54])
    def test_of_an_unknown_output(self, output_id: str) -> None:
        answer = House().call("GET", f"/output/{output_id}", account_id=None)
        assert told(answer) == (404, "Not found", "Resource not found or expired.")

    def test_of_an_output_with_another_random_part(self) -> None:
        house = held()
        path = shrink(house).headers["Location"].removeprefix(BASE_URL)
        other = path[: -len(make_public_id())] + make_public_id()
        assert house.call("GET", other).status == 404

    def test_of_an_output_that_expired(self) -> None:
        house = held()
        answer = shrink(house)
        house.world.pass_time(8 * 86_400)
        assert told(output(house, answer))[0] == 404


class TestOutput:
    def test_is_the_file_with_its_headers(self) -> None:
        house = held()
        answer = output(house, shrink(house))
        assert (answer.status, answer.body) == (200, GAIN[:12])
        assert answer.headers["Content-Type"] == "image/png"
        assert count(answer) == 1

    def test_needs_no_key_and_tells_then_no_count(self) -> None:
        house = held()
        path = shrink(house).headers["Location"].removeprefix(BASE_URL)
        answer = house.call("GET", path, account_id=None)
        assert answer.body == GAIN[:12]
        assert "Compression-Count" not in answer.headers

    @pytest.mark.parametrize("method", ["POST", "GET"])
    def test_with_commands_needs_a_key(self, method: str) -> None:
        house = held()
        path = shrink(house).headers["Location"].removeprefix(BASE_URL)
        answer = house.call(method, path, body=b'{"preserve":["copyright"]}', account_id=None)
        assert told(answer)[:2] == (401, "Unauthorized")

    def test_of_another_account_takes_no_commands(self) -> None:
        house = held()
        house.world.add_account("acc_2", tokens=9)
        path = shrink(house).headers["Location"].removeprefix(BASE_URL)
        body = b'{"resize":{"width":9}}'
        answer = house.call("POST", path, body=body, account_id="acc_2")
        assert (answer.status, count(answer)) == (404, 0)

    def test_reads_commands_of_a_get_too(self) -> None:
        house = held()
        answer = output(house, shrink(house), {"resize": {"width": 9}}, "GET")
        assert (answer.status, count(answer)) == (200, 2)

    def test_with_no_commands_is_the_file(self) -> None:
        house = held()
        answer = output(house, shrink(house), {})
        assert (answer.body, count(answer)) == (GAIN[:12], 1)


class TestCommands:
    @pytest.mark.parametrize(
        ("commands", "text"),
        [
            ([], "The request body must be a JSON object"),
            ({"resize": 7}, "resize must be an object"),
            ({"resize": {"width": 0}}, "width must be greater than 0"),
            ({"resize": {"width": True}}, "width must be an integer"),
            ({"resize": {"width": "9"}}, "width must be an integer"),
            ({"resize": {"width": 1.5}}, "width must be an integer"),
            (
                {"resize": {"width": 1, "height": 1}},
                "Resize method 'scale' takes either a width or a height",
            ),
            ({"resize": {"method": "fit"}}, "Resize method 'fit' takes a width and a height"),
            (
                {"resize": {"method": "cover", "width": 1}},
                "Resize method 'cover' takes a width and a height",
            ),
            (
                {"resize": {"method": "zoom", "width": 1}},
                "Resize method must be one of scale, fit, cover, thumb",
            ),
            (
                {"resize": {"method": [7], "width": 1}},
                "Resize method must be one of scale, fit, cover, thumb",
            ),
            ({"store": {"service": []}}, "Store service must be one of s3, gcs"),
            ({"store": {**S3, "acl": []}}, "acl must be no-acl or left out"),
            ({"convert": {}}, "convert must have a type, or a list of types"),
            ({"convert": {"type": []}}, "convert must have a type, or a list of types"),
            ({"convert": {"type": "image/jxl"}}, "Type 'image/jxl' not supported"),
            ({"convert": {"type": [7]}}, "Type '7' not supported"),
            ({"transform": 7}, "transform must be an object"),
            (
                {"transform": {"background": "red"}},
                "background must be white, black or a hexadecimal colour such as #00ff00",
            ),
            ({"preserve": 7}, "preserve must be a list"),
            ({"preserve": ["author"]}, "Metadata key 'author' not supported"),
            ({"store": 7}, "store must be an object"),
            ({"store": {"service": "azure"}}, "Store service must be one of s3, gcs"),
            (
                {"store": {**S3, "region": "evil.example/"}},
                "region must be a Region of AWS, such as us-west-1",
            ),
            (
                {"store": {**S3, "path": "bucket"}},
                "path must be a bucket, a slash and the name of an object",
            ),
            (
                {"store": {**S3, "path": "bucket/../a"}},
                "path must be a bucket, a slash and the name of an object",
            ),
            ({"store": {**S3, "acl": "private"}}, "acl must be no-acl or left out"),
            ({"store": {**S3, "headers": {"X-Evil": "1"}}}, "Header 'X-Evil' not supported"),
            ({"store": {**GCS, "gcp_access_token": "a\r\nb"}}, "gcp_access_token is not valid"),
        ],
    )
    def test_that_are_wrong_are_refused_and_free(self, commands: object, text: str) -> None:
        house = held()
        answer = output(house, shrink(house), commands)
        assert told(answer) == (400, "JSON validation error", text)
        assert count(answer) == 1

    def test_become_the_options_of_a_job(self) -> None:
        house = held()
        output(
            house,
            shrink(house),
            {
                "resize": {"method": "thumb", "width": 30.0, "height": 9**9},
                "convert": {"type": ["*/*", "image/avif", "image/jpg"]},
                "transform": {"background": "#00Ff7f"},
                "preserve": ["location", "copyright"],
            },
        )
        (options,) = (
            job.images[0].options for job in house.world.jobs() if job.images[0].options.crop
        )
        assert options.crop is not None
        assert (options.crop.method, options.crop.width, options.crop.height) == (
            "thumb",
            30,
            65_535,
        )
        assert options.smallest_of == ("jpg", "png", "webp", "avif")
        assert options.background == (0, 255, 127)
        assert options.keep == ("copyright", "location")

    @pytest.mark.parametrize(
        ("commands", "width", "height"),
        [
            ({"width": 9}, 9, None),
            ({"method": "scale", "height": 9}, None, 9),
            ({"method": "fit", "width": 9, "height": 8}, 9, 8),
            ({"method": "fit", "width": 9}, 9, None),
        ],
    )
    def test_scale_and_fit_put_the_image_in_a_box(
        self, commands: dict[str, Any], width: int | None, height: int | None
    ) -> None:
        house = held()
        output(house, shrink(house), {"resize": commands})
        boxes = {
            (job.images[0].options.max_width, job.images[0].options.max_height)
            for job in house.world.jobs()
        }
        assert boxes == {(None, None), (width, height)}


class TestCounting:
    @pytest.mark.parametrize("tokens", [9, -1])
    def test_counts_a_shrink_and_each_request_that_resizes_or_converts(self, tokens: int) -> None:
        house = held(tokens=tokens)
        shrunk = shrink(house)
        both = {"resize": {"width": 9}, "convert": {"type": "image/webp"}}
        counts = [
            count(shrunk),
            count(output(house, shrunk)),
            count(output(house, shrunk, {"preserve": ["copyright"]})),
            count(output(house, shrunk, {"transform": {"background": "white"}})),
            count(output(house, shrunk, {"store": S3})),
            count(output(house, shrunk, {"resize": {"width": 9}})),
            count(output(house, shrunk, both)),
            count(shrink(house, NONE)),
            count(shrink(house, b"")),
        ]
        assert counts == [1, 1, 1, 1, 1, 2, 3, 3, 3]

    def test_takes_the_same_bytes_within_a_minute_for_one_job(self) -> None:
        house = held()
        first, again = shrink(house), shrink(house)
        assert first.headers["Location"] == again.headers["Location"]
        assert count(again) == 1
        house.world.pass_time(61)
        assert count(shrink(house)) == 2

    def test_takes_the_same_commands_within_a_minute_for_one_job(self) -> None:
        house = held()
        shrunk = shrink(house)
        small, smaller = {"resize": {"width": 9}}, {"resize": {"width": 8}}
        counts = [count(output(house, shrunk, each)) for each in (small, small, smaller)]
        assert counts == [2, 2, 3]

    def test_keeps_the_accounts_apart(self) -> None:
        house = held()
        house.world.add_account("acc_2", tokens=9)
        first, other = shrink(house), shrink(house, account_id="acc_2")
        assert first.headers["Location"] != other.headers["Location"]
        assert count(other) == 1

    def test_lets_what_is_free_be_had_without_tokens(self) -> None:
        house = held(tokens=1)
        shrunk = shrink(house)
        assert output(house, shrunk, {"preserve": ["copyright"]}).status == 200
        assert output(house, shrunk, {"resize": {"width": 9}}).status == 429


class TestStore:
    def test_puts_the_result_where_the_caller_says(self) -> None:
        house = held()
        answer = output(house, shrink(house), {"store": {**S3, "headers": {"cache-control": "x"}}})
        ((data, destination, content_type),) = house.deliverer.taken
        assert (answer.status, answer.json()) == (200, {"status": "success"})
        assert answer.headers["Location"] == "https://store.example/bucket/some path/a.png"
        assert (data, content_type) == (GAIN[:12], "image/png")
        assert destination == S3Destination(
            region="eu-central-1",
            bucket="bucket",
            key="some path/a.png",
            access_key_id="AKIA",
            secret_access_key="secret",
            headers={"Cache-Control": "x"},
        )

    def test_knows_google_too_and_what_a_command_makes(self) -> None:
        house = held()
        output(house, shrink(house), {"store": GCS, "resize": {"width": 9}})
        ((_, destination, _),) = house.deliverer.taken
        assert destination == GcsDestination(bucket="bucket", key="a.png", access_token="token")

    def test_that_is_refused_is_the_callers_400(self) -> None:
        house = held()
        house.deliverer.refusal = "the store answered with status 403"
        answer = output(house, shrink(house), {"store": S3})
        assert told(answer) == (
            400,
            "Bad request",
            "The image could not be stored: the store answered with status 403.",
        )

    def test_shows_no_right_in_a_repr(self) -> None:
        house = held()
        output(house, shrink(house), {"store": {**S3, "aws_session_token": "session"}})
        ((_, destination, _),) = house.deliverer.taken
        assert not {"secret", "session", "AKIA"} & set(repr(destination).split("'"))


class TestKeys:
    def test_a_good_key_is_200_with_the_facts_of_its_account(self) -> None:
        house = held()
        shrink(house)
        answer = house.call("GET", f"/keys/{KEY}", account_id=None)
        assert (answer.status, answer.json(), count(answer)) == (200, {}, 1)
        assert answer.headers["Compression-Count-Remaining"] == "8"
        assert answer.headers["Paying-State"] == "free"
        assert answer.headers["Email-Address"] == "a@example.com"

    def test_an_unknown_key_is_404(self) -> None:
        assert house_key("unknown").status == 404


def house_key(key: str) -> Answer:
    return House().call("GET", f"/keys/{key}", account_id=None)


@pytest.mark.parametrize(
    ("header", "password"),
    [
        ("Basic YXBpOmtleQ==", "key"),
        ("basic  YXBpOmtleQ==", "key"),
        ("Basic OmtleTpvZjp0d28=", "key:of:two"),
        ("Basic YXBp", ""),
        ("Basic %", ""),
        ("Basic /w==", ""),
        ("Bearer YXBpOmtleQ==", ""),
        ("", ""),
    ],
)
def test_the_key_is_the_password_of_any_user(header: str, password: str) -> None:
    assert parse_basic_password(header) == password


def test_every_answer_has_the_headers_of_every_answer() -> None:
    assert set(SECURITY_HEADERS) <= set(shrink(House(), b"").headers)
