"""Test what docs/api-coverage.md settles for TinyJPG."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from leanpix.contract import ROUTES, Access
from leanpix.dialects.tinyjpg import parse_submission
from leanpix.domain.ids import is_public_id, make_public_id
from leanpix.http import Request
from tests.api import Api
from tests.handlers import BASE_URL, Answer, House, form
from tests.images import make_photo, make_photo_jpeg

KEY_ROUTES = [
    (route.method, route.path.replace("{image_id}", "123"))
    for route in ROUTES
    if route.access is Access.KEY_ALL_401
]
TINY_GIF = bytes.fromhex("47494638376101000100800000ffffff0000002c00000000010001000002024401003b")


@pytest.fixture
def house() -> House:
    """Return handlers over services in memory."""
    return House()


def submit(
    house: House, data: bytes | None, *, path: str = "/api/optimize", **fields: str
) -> Answer:
    """Upload an image with more fields."""
    parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
    if data is not None:
        parts.append(('name="image"; filename="photo.png"', data))
    body, headers = form(parts)
    return house.call("POST", path, body=body, headers=headers)


def upload(house: House, data: bytes) -> int:
    """Upload an image and return its id."""
    answer = submit(house, data)
    assert answer.status == 200, answer.body
    return int(answer.json()["data"]["image_id"])


def ended(house: House, data: bytes) -> dict[str, Any]:
    """Upload an image, let the optimizer work, and return its status."""
    image_id = upload(house, data)
    house.finish()
    found: dict[str, Any] = house.call("GET", f"/api/status/{image_id}").json()["data"]
    return found


class TestBasePath:
    def test_v1_is_an_alias(self, house: House) -> None:
        answer = submit(house, b"gain:1", path="/api/v1/optimize")
        image_id = answer.json()["data"]["image_id"]
        house.finish()
        plain, alias = (
            house.call("GET", f"{path}/{image_id}").json()
            for path in ("/api/status", "/api/v1/status")
        )
        assert plain == alias
        assert plain["data"]["status"] == "completed"


class TestMissingOrBadKey:
    @pytest.mark.parametrize("key", [None, "unknown"])
    @pytest.mark.parametrize(("method", "path"), KEY_ROUTES)
    def test_is_401_with_a_message(
        self, cloud: Any, method: str, path: str, key: str | None
    ) -> None:
        answer = Api(cloud.url, key).call(method, path)
        assert answer.status_code == 401
        assert answer.json()["success"] is False
        assert answer.json()["message"]


class TestErrors:
    def test_of_fields_are_422_by_field(self, house: House) -> None:
        answer = submit(house, None, quality="0")
        assert (answer.status, answer.json()) == (
            422,
            {
                "success": False,
                "message": "Validation failed",
                "errors": {
                    "image": ["The image field is required."],
                    "quality": ["The quality must be between 1 and 100."],
                },
            },
        )

    def test_of_an_unreadable_body_are_400(self, house: House) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = house.call("POST", "/api/optimize", body=b"no form", headers=headers)
        assert (answer.status, answer.json()["success"]) == (400, False)

    def test_of_a_quota_used_up_are_403(self) -> None:
        answer = submit(House(tokens=0), b"gain:1")
        assert (answer.status, answer.json()["success"]) == (403, False)
        assert answer.json()["message"].startswith("Plan limit exceeded.")

    def test_of_another_accounts_or_an_unknown_image_are_404(self, house: House) -> None:
        house.world.add_account("acc_2", tokens=1)
        image_id = upload(house, b"gain:1")
        expected = {"success": False, "message": "Image not found."}
        other = house.call("GET", f"/api/status/{image_id}", account_id="acc_2")
        for answer in (other, house.call("GET", "/api/status/12345")):
            assert (answer.status, answer.json()) == (404, expected)
        for text in ("x", "-1", "9" * 30):
            assert house.call("GET", f"/api/status/{text}").status == 404


class TestQuality:
    @pytest.mark.parametrize(
        ("fields", "quality"),
        [({}, 80), ({"quality": ""}, 80), ({"quality": "1"}, 1), ({"quality": "100"}, 100)],
    )
    def test_is_1_to_100_and_80_by_default(self, fields: dict[str, str], quality: int) -> None:
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        body, headers = form([*parts, ('name="image"; filename="a"', b"x")])
        request = Request(
            method="POST",
            path="/api/optimize",
            headers={name.lower(): value for name, value in headers.items()},
            body=body,
        )
        assert parse_submission(request, account_id="a").options.quality == quality

    @pytest.mark.parametrize("quality", ["0", "101", "-1", "80.5", "best", "٨٠"])
    def test_is_422_where_it_is_no_integer_in_range(self, house: House, quality: str) -> None:
        answer = submit(house, b"gain:1", quality=quality)
        assert answer.status == 422
        assert answer.json()["errors"] == {"quality": ["The quality must be between 1 and 100."]}

    def test_lower_is_smaller(self, api: Api, photo: bytes) -> None:
        sizes = []
        for quality in (90, 60, 30):
            image_id = api.upload(photo, quality=quality)["image_id"]
            sizes.append(api.completed(image_id)["optimized_size"])
        assert sizes[0] > sizes[1] > sizes[2]


class TestImageId:
    def test_is_an_integer_like_a_process_id(self, house: House) -> None:
        assert 0 < upload(house, b"gain:1") < 2**53

    def test_the_two_apis_share_jobs(self, house: House) -> None:
        image_id = upload(house, b"gain:1")
        house.finish()
        (result,) = house.call("POST", f"/v1/optimize/{image_id}/result").json()["result"]
        assert (result["file_name"], result["success"]) == ("photo.png", True)
        body, headers = form(
            [('name="type"', b"file"), ('name="file"; filename="a.png"', b"gain:1")]
        )
        accepted = house.call("POST", "/v1/optimize", body=body, headers=headers)
        house.finish()
        status = house.call("GET", f"/api/status/{accepted.json()['process_id']}").json()["data"]
        assert (status["status"], status["optimized_size"]) == ("completed", 3)

    def test_the_two_apis_share_tokens(self) -> None:
        house = House(tokens=2)
        upload(house, b"gain:1")
        assert house.call("POST", "/v1/users/info").json()["result"]["tokens"] == 1
        assert house.call("GET", "/api/v1/stats").json()["data"]["remaining"] == 1


class TestEstimatedOptimizedSize:
    def test_is_told_from_the_image_and_is_no_constant_share(self, house: House) -> None:
        buffer = io.BytesIO()
        make_photo(width=200, height=150).save(buffer, "PNG")
        images = [
            make_photo_jpeg(width=200, height=150, quality=quality) for quality in (60, 80, 98)
        ]
        shares = []
        for data in (*images, buffer.getvalue()):
            found = submit(house, data).json()["data"]
            assert found["original_size"] == len(data)
            assert 0 < found["estimated_optimized_size"] <= len(data)
            shares.append(round(found["estimated_optimized_size"] / len(data), 3))
        assert len(set(shares)) == len(shares)
        assert shares[0] > shares[1] > shares[2]

    def test_is_smaller_for_a_lower_quality(self, house: House) -> None:
        data = make_photo_jpeg(width=200, height=150)
        high, low = (
            submit(house, data, quality=quality).json()["data"]["estimated_optimized_size"]
            for quality in ("90", "40")
        )
        assert low < high

    def test_of_what_is_no_image_is_its_own_size(self, house: House) -> None:
        assert submit(house, b"gain:1").json()["data"]["estimated_optimized_size"] == 6


class TestOriginalUrlAndOptimizedUrl:
    def test_have_names_that_cannot_be_guessed(self, house: House) -> None:
        data = submit(house, b"gain:1").json()["data"]
        for kind in ("original", "optimized"):
            start = f"{BASE_URL}/direct-file/{kind}/"
            name = data[f"{kind}_url"].removeprefix(start)
            public_id, _, file_name = name.partition("-")
            assert is_public_id(public_id)
            assert file_name == "photo.png"

    def test_the_optimized_one_is_404_with_retry_after_until_it_is_ready(
        self, anyone: Api
    ) -> None:
        answer = anyone.get(f"/direct-file/optimized/{make_public_id()}-photo.jpg")
        assert (answer.status_code, answer.headers["Retry-After"]) == (404, "2")
        assert answer.json()["success"] is False

    def test_the_original_is_there_at_once(self, api: Api, anyone: Api, photo: bytes) -> None:
        data = api.upload(photo)
        answer = anyone.get(data["original_url"])
        assert (answer.status_code, answer.content) == (200, photo)
        assert answer.headers["Content-Type"] == "image/jpeg"
        missing = anyone.get(f"/direct-file/original/{make_public_id()}-photo.jpg")
        assert (missing.status_code, "Retry-After" in missing.headers) == (404, False)

    def test_originals_are_kept_as_long_as_results(self, api: Api, photo: bytes) -> None:
        data = api.upload(photo)
        api.completed(data["image_id"])
        ages = [
            int(api.get(data[name]).headers["Cache-Control"].split("=")[1].split(",")[0])
            for name in ("original_url", "optimized_url")
        ]
        assert abs(ages[0] - ages[1]) < 60


class TestStatus:
    def test_is_processing_then_completed(self, house: House) -> None:
        image_id = upload(house, b"gain:1")
        data = house.call("GET", f"/api/status/{image_id}").json()["data"]
        assert (data["status"], "optimized_size" in data) == ("processing", False)
        house.finish()
        data = house.call("GET", f"/api/status/{image_id}").json()["data"]
        assert data["status"] == "completed"

    @pytest.mark.parametrize("kind", [b"refused:1", b"ours:1"])
    def test_is_failed_with_a_message(self, house: House, kind: bytes) -> None:
        data = ended(house, kind)
        assert data["status"] == "failed"
        assert data["message"].startswith("The image could not be optimized: ")


class TestNoSavings:
    def test_is_completed_with_the_original_served(self, api: Api, anyone: Api) -> None:
        image_id = api.upload(TINY_GIF, "a.gif")["image_id"]
        data = api.completed(image_id)
        assert data["status"] == "completed"
        assert data["optimized_size"] == data["original_size"] == len(TINY_GIF)
        assert data["compression_ratio"] == 0
        answer = anyone.get(data["optimized_url"])
        assert (answer.status_code, answer.content) == (200, TINY_GIF)
        assert answer.headers["Content-Type"] == "image/gif"


class TestCompressionRatio:
    def test_is_percent_saved(self, house: House) -> None:
        data = ended(house, b"gain:12345")
        assert (data["original_size"], data["optimized_size"]) == (10, 5)
        assert data["compression_ratio"] == 50.0


class TestProcessingTime:
    def test_is_the_seconds_that_the_optimizer_spent(self, api: Api, photo: bytes) -> None:
        seconds = api.completed(api.upload(photo)["image_id"])["processing_time"]
        assert 0 < seconds < 60


class TestUsage:
    def test_is_this_month_and_the_last_twelve_by_type_with_statistics(
        self, api: Api, photo: bytes
    ) -> None:
        done = api.completed(api.upload(photo)["image_id"])
        api.completed(api.upload(TINY_GIF, "a.gif")["image_id"])
        body = api.get("/api/v1/usage").json()
        data = body["data"]
        assert body["success"] is True
        saved = done["original_size"] - done["optimized_size"]
        month = data["current_month"]
        assert {name: month[name] for name in month if name != "month"} == {
            "images": 2,
            "bytes_in": done["original_size"] + len(TINY_GIF),
            "bytes_out": done["optimized_size"] + len(TINY_GIF),
            "bytes_saved": saved,
        }
        assert data["months"][0] == month
        assert [each["images"] for each in data["months"][1:]] == [0] * 11
        assert data["types"] == {"jpg": 1, "gif": 1}
        statistics = data["compression"]
        assert statistics["mean_ratio"] == pytest.approx(done["compression_ratio"], abs=0.01)
        assert abs(statistics["best_ratio"] - done["compression_ratio"]) < 1
        assert statistics["total_saved"] == saved


class TestStats:
    def test_is_plan_limit_used_remaining_and_reset(self) -> None:
        house = House(tokens=500)
        ended(house, b"gain:1")
        ended(house, b"none:1")
        data = house.call("GET", "/api/v1/stats").json()["data"]
        resets_at = data.pop("resets_at")
        assert data == {"plan": "free", "monthly_limit": 500, "used": 1, "remaining": 499}
        assert resets_at.endswith("-01T00:00:00Z")

    def test_is_null_where_there_is_no_limit(self, house: House) -> None:
        data = house.call("GET", "/api/v1/stats").json()["data"]
        assert (data["monthly_limit"], data["remaining"]) == (None, None)


class TestFormats:
    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
    def test_are_told_by_content_whatever_the_name(self, api: Api, anyone: Api, kind: str) -> None:
        buffer = io.BytesIO()
        make_photo(width=160, height=120).save(buffer, kind)
        data = api.completed(api.upload(buffer.getvalue(), "image.jpg", quality=40)["image_id"])
        assert data["status"] == "completed"
        content = anyone.get(data["optimized_url"]).content
        assert Image.open(io.BytesIO(content)).format == kind
