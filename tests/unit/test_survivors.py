"""Test the details that changes of single places showed to be untested (`make mutants`)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from leanpix.adapters.dynamodb.usage_items import usage_from_values
from leanpix.contract import MAX_OPEN_SECONDS, MAX_REDIRECT_CHARACTERS, ErrorName
from leanpix.dialects.form_reader import to_whole
from leanpix.dialects.megaoptim.responses import render_account
from leanpix.domain.accounts import Account
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import made_at, make_public_id
from leanpix.domain.ledger import Balance
from leanpix.domain.results import DownloadRequest, StoredFile
from leanpix.domain.web_addresses import AddressInvalidError, parse_address
from leanpix.services.results import ResultService, _matches, mark_failed


def test_a_url_of_the_most_characters_is_read_and_one_more_is_refused() -> None:
    longest = "https://example.org/".ljust(MAX_REDIRECT_CHARACTERS, "a")
    assert parse_address(longest).host == "example.org"
    with pytest.raises(AddressInvalidError, match="8,192 characters"):
        parse_address(longest + "a")


@pytest.mark.parametrize(("text", "number"), [("9" * 10, 9_999_999_999), ("9" * 11, None)])
def test_a_number_has_ten_digits_at_most(text: str, number: int | None) -> None:
    assert to_whole(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.0", "\u0661", "1 ", "0x1"])
def test_other_texts_are_no_whole_numbers(text: str) -> None:
    assert to_whole(text) is None


@pytest.mark.parametrize("header", ['"a"', 'W/"a"', "*", '"b", "a"', '"b" , W/"a"'])
def test_a_copy_is_right_by_its_etag_weak_or_strong_in_any_place(header: str) -> None:
    assert _matches(header, '"a"')


@pytest.mark.parametrize("header", ["", '"b"', 'W/"b"', ",", '"b", "c"'])
def test_a_copy_with_another_etag_is_not_right(header: str) -> None:
    assert not _matches(header, '"a"')


def test_the_mark_of_a_failure_lasts_as_long_as_a_result_could_have_come() -> None:
    class Objects:
        def write(self, _key: str, _data: bytes, **details: Any) -> None:
            self.details = details

    class Image:
        public_id = make_public_id(1_800_000_000.0)

    objects: Any = Objects()
    image: Any = Image()
    mark_failed(objects, image)
    assert objects.details["expires_at"] == made_at(image.public_id) + MAX_OPEN_SECONDS


def test_a_file_that_expires_while_it_is_downloaded_is_not_found() -> None:
    stored = StoredFile(
        content_type="image/png",
        total_bytes=9,
        etag='"x"',
        expires_at=2_000_000_000.0,
    )

    class Results:
        def describe(self, _key: str) -> StoredFile:
            return stored

        def read_range(self, *_: Any) -> None:
            return None

    results: Any = Results()
    clock: Any = SimpleNamespace(now=lambda: 1_900_000_000.0)
    service = ResultService(results=results, clock=clock)
    request = DownloadRequest(object_key="results/p/a.png")
    with pytest.raises(LeanpixError) as refused:
        service.download(request)
    assert refused.value.name is ErrorName.IMAGE_NOT_FOUND


@pytest.mark.parametrize(("verified", "shown"), [(True, 1), (False, 0)])
def test_megaoptim_says_of_an_account_whether_it_is_verified(
    *, verified: bool, shown: int
) -> None:
    account = Account(
        account_id="acc_1",
        name="Ada",
        email="ada@example.com",
        plan="free",
        balance=Balance(tokens=1, month="2026-11", month_grant=0),
        month="2026-11",
        verified=verified,
    )
    body = json.loads(render_account(account).body)
    assert body["result"]["verified"] == shown


def test_usage_without_a_saving_has_a_sum_of_nothing() -> None:
    counters = dict.fromkeys(
        (
            "images",
            "optimized_images",
            "failed_images",
            "charged_tokens",
            "bytes_in",
            "bytes_out",
        ),
        0,
    )
    usage = usage_from_values({"part": "usage#2026-11", **counters})
    assert (usage.saved_percent_sum, usage.best_saved_percent) == (0, 0)
