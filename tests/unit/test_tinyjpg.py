"""Test TinyJPG's API by its document and docs/api-coverage.md, through the real handlers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from leanpix.contract import MAX_RECEIVES
from leanpix.dialects.tinyjpg import parse_submission, render_usage
from leanpix.domain.accounts import Standing, Usage
from leanpix.domain.submission import Upload
from leanpix.http import Request
from tests.handlers import ACCOUNT, Answer, House, form
from tests.images import make_photo_jpeg
from tests.ledger.fakes import VISIBILITY_SECONDS

NO_IMAGE = "The image must be a file of type: jpeg, png, gif, webp, avif."
REQUIRED = "The image field is required."


def upload(house: House, data: bytes, head: str = 'name="image"; filename="a.png"') -> Answer:
    """Upload a file."""
    body, headers = form([(head, data)])
    return house.call("POST", "/api/optimize", body=body, headers=headers)


def status(house: House, accepted: Answer) -> dict[str, Any]:
    """Return the status of an uploaded image."""
    image_id = accepted.json()["data"]["image_id"]
    found: dict[str, Any] = house.call("GET", f"/api/status/{image_id}").json()["data"]
    return found


class TestWhatIsNoImage:
    @pytest.mark.parametrize(
        "data", [b"no image", b"%PDF-1.7", b"<html></html>", b"<svg xmlns='x'/>", b"\0"]
    )
    def test_is_refused_at_submit_and_not_charged(self, data: bytes) -> None:
        house = House(tokens=5)
        answer = upload(house, data)
        assert answer.status == 422
        assert answer.json() == {
            "success": False,
            "message": "Validation failed",
            "errors": {"image": [NO_IMAGE]},
        }
        assert house.call("POST", "/v1/users/info").json()["result"]["tokens"] == 5

    def test_is_not_told_by_its_name(self) -> None:
        head = 'name="image"; filename="photo.pdf"'
        assert upload(House(), make_photo_jpeg(width=8, height=8), head).status == 200

    def test_a_broken_image_is_left_to_the_engine(self) -> None:
        photo = make_photo_jpeg(width=8, height=8)
        assert upload(House(), photo[: len(photo) // 2]).status == 200
        assert upload(House(), b"\xff\xd8\xff\xe0").status == 200


class TestAMissingImage:
    @pytest.mark.parametrize("head", ['name="image"; filename=""', 'name="image"'])
    def test_is_an_empty_file_input_too(self, head: str) -> None:
        answer = upload(House(), b"", head)
        assert answer.status == 422
        assert answer.json()["errors"] == {"image": [REQUIRED]}

    def test_is_the_value_0_too(self) -> None:
        assert upload(House(), b"0", 'name="image"').json()["errors"] == {"image": [REQUIRED]}

    def test_is_not_a_file_without_a_file_name(self) -> None:
        body, headers = form([('name="image"', b"\xff\xd8\xff")])
        lower = {name.lower(): value for name, value in headers.items()}
        request = Request(method="POST", path="/api/optimize", headers=lower, body=body)
        (found,) = parse_submission(request, account_id="acc_1").inputs
        assert isinstance(found, Upload)
        assert (found.file_name, found.data) == ("image", b"\xff\xd8\xff")


class TestAFailedImage:
    @pytest.mark.parametrize("kind", [b"refused:1", b"ours:1"])
    def test_promises_no_file(self, kind: bytes) -> None:
        house = House()
        accepted = upload(house, kind)
        link = accepted.json()["data"]["optimized_url"]
        assert status(house, accepted)["optimized_url"] == link
        house.finish()
        found = status(house, accepted)
        assert (found["status"], found["optimized_url"]) == ("failed", None)

    @pytest.mark.parametrize("kind", [b"refused:1", b"ours:1", b"poison:1"])
    def test_its_link_asks_nobody_to_try_again(self, kind: bytes) -> None:
        house = House()
        link = upload(house, kind).json()["data"]["optimized_url"]
        assert house.download(link).headers["Retry-After"] == "2"
        for _ in range(MAX_RECEIVES + 1):
            house.finish()
            house.world.clock.sleep(VISIBILITY_SECONDS)
        answer = house.download(link)
        assert (answer.status, "Retry-After" in answer.headers) == (404, False)

    def test_a_link_that_nothing_can_come_to_any_more_asks_for_no_try(self) -> None:
        house = House()
        link = upload(house, b"gain:1").json()["data"]["optimized_url"]
        house.world.clock.sleep(8 * 86_400)
        answer = house.download(link)
        assert (answer.status, "Retry-After" in answer.headers) == (404, False)

    def test_a_good_image_has_its_file(self) -> None:
        house = House()
        accepted = upload(house, b"gain:1")
        house.finish()
        link = status(house, accepted)["optimized_url"]
        assert house.download(link).status == 200


class TestUsage:
    NOW = datetime(2027, 3, 15, tzinfo=UTC).timestamp()

    def usage(self, *months: str) -> dict[str, Any]:
        """Return what an account reads that sent an image of 100 bytes in each of the months."""
        one = Usage(
            month="",
            images=1,
            optimized_images=1,
            bytes_in=100,
            bytes_out=40,
            images_by_type={"png": 1},
            saved_percent_sum=60.0,
            best_saved_percent=60,
        )
        account = House().world.backend.accounts.read(ACCOUNT)
        standing = Standing(
            account=account, months=tuple(replace(one, month=month) for month in months)
        )
        data: dict[str, Any] = json.loads(render_usage(standing, now=self.NOW).body)["data"]
        return data

    def test_covers_the_last_twelve_calendar_months(self) -> None:
        months = [month["month"] for month in self.usage("2027-03")["months"]]
        assert months == [
            *("2027-03", "2027-02", "2027-01", "2026-12", "2026-11", "2026-10"),
            *("2026-09", "2026-08", "2026-07", "2026-06", "2026-05", "2026-04"),
        ]

    def test_shows_empty_months_with_zeros(self) -> None:
        data = self.usage("2027-01")
        assert data["current_month"]["images"] == 0
        assert [month["images"] for month in data["months"]] == [0, 0, 1, *[0] * 9]

    def test_counts_nothing_older(self) -> None:
        data = self.usage("2027-01", "2026-04", "2026-03", "2025-12")
        assert sum(month["images"] for month in data["months"]) == 2
        assert data["types"] == {"png": 2}
        assert data["compression"]["total_saved"] == 120
        assert self.usage("2026-03")["compression"]["best_ratio"] == 0
