"""Test what the APIs answer about images that came to nothing, through the real handlers."""

from __future__ import annotations

import pytest

from leanpix.contract import MAX_RECEIVES
from leanpix.domain.jobs import KeptReason
from leanpix.services.ports import FetchFailedError
from tests.handlers import House, form
from tests.ledger.fakes import VISIBILITY_SECONDS, FakeFetcher


def submit(house: House, name: str, data: bytes) -> int:
    """Submit a file by MegaOptim's API and return the id of its job."""
    body, headers = form([('name="type"', b"file"), (f'name="file"; filename="{name}"', data)])
    return int(house.call("POST", "/v1/optimize", body=body, headers=headers).json()["process_id"])


class TestFormat:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("a.jpeg", "jpg"),
            ("a.JPG", "jpg"),
            ("a.png", "png"),
            ("a.webp", "webp"),
            ("a.404", "unknown"),
            ("holiday. day 2", "unknown"),
            ("jpeg", "unknown"),
            ("a.pdf", "unknown"),
            ("image", "unknown"),
        ],
    )
    @pytest.mark.parametrize("kind", [b"refused:1", b"none:1"])
    def test_is_told_by_content_or_by_a_supported_extension_or_is_unknown(
        self, kind: bytes, name: str, expected: str
    ) -> None:
        house = House()
        job_id = submit(house, name, kind)
        house.finish()
        (result,) = house.call("POST", f"/v1/optimize/{job_id}/result").json()["result"]
        assert result["format"] == ("png" if kind.startswith(b"none") else expected)

    def test_of_an_image_that_was_given_up_is_one_too(self) -> None:
        house = House()
        body, headers = form(
            [
                ('name="type"', b"files"),
                ('name="file1"; filename="a.404"', b"poison:1"),
                ('name="file2"; filename="b.png"', b"gain:1"),
            ]
        )
        accepted = house.call("POST", "/v1/optimize", body=body, headers=headers).json()
        for _ in range(MAX_RECEIVES + 1):
            house.finish()
            house.world.clock.sleep(VISIBILITY_SECONDS)
        house.finish()
        answer = house.call("POST", f"/v1/optimize/{accepted['process_id']}/result").json()
        assert [one["format"] for one in answer["result"]] == ["unknown", "png"]


class TestFetchFailed:
    def test_says_which_failure_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        house = House()

        def refuse(*_: object, **__: object) -> bytes:
            text = "the URL answered with status 404"
            raise FetchFailedError(text, reason=KeptReason.FETCH_FAILED.value)

        monkeypatch.setattr(FakeFetcher, "fetch", refuse)
        body, headers = form(
            [('name="type"', b"url"), ('name="url"', b"https://example.com/a.png")]
        )
        accepted = house.call("POST", "/v1/optimize", body=body, headers=headers).json()
        house.finish()
        answer = house.call("POST", f"/v1/optimize/{accepted['process_id']}/result").json()
        (result,) = answer["result"]
        assert result["reason"] == "fetch_failed"
        assert result["detail"] == "The URL answered with status 404."
