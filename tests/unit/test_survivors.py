"""Test the details that changes of single places showed to be untested (`make mutants`)."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from leanpix.adapters import queues
from leanpix.adapters.dynamodb.usage_items import usage_from_values
from leanpix.contract import MAX_OPEN_SECONDS, MAX_REDIRECT_CHARACTERS, ErrorName
from leanpix.dialects.form_reader import to_whole
from leanpix.dialects.megaoptim.responses import render_account
from leanpix.dialects.tinyjpg.responses import _optimized_url
from leanpix.domain.accounts import Account, Usage
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import made_at, make_public_id
from leanpix.domain.jobs import Image, ImageState, Outcome, UploadedSource
from leanpix.domain.ledger import Balance
from leanpix.domain.options import ImageOptions
from leanpix.domain.results import DownloadRequest, Pending, StoredFile, upload_object_key
from leanpix.domain.web_addresses import AddressInvalidError, parse_address
from leanpix.observability import logger
from leanpix.services.administration import AdministrationService
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


@pytest.mark.parametrize(
    ("seconds_before", "error"),
    [(0, ErrorName.IMAGE_NOT_FOUND), (1, ErrorName.IMAGE_NOT_READY)],
)
def test_a_file_may_come_until_its_time_is_up(seconds_before: int, error: ErrorName) -> None:
    class Results:
        def describe(self, _key: str) -> None:
            return None

    results: Any = Results()
    until = 1_900_000_000.0
    clock: Any = SimpleNamespace(now=lambda: until - seconds_before)
    pending = Pending(until=until, failed_object_key="results/failed/p")
    with pytest.raises(LeanpixError) as refused:
        ResultService(results=results, clock=clock).download(
            DownloadRequest(object_key="results/p/a.png", pending=pending)
        )
    assert refused.value.name is error


def test_the_mean_saving_is_that_of_the_images_made_smaller() -> None:
    usage = Usage(month="2026-11", images=5, optimized_images=2, saved_percent_sum=50.0)
    assert usage.mean_saved_percent == 25.0
    assert Usage(month="2026-11", images=5).mean_saved_percent == 0


@pytest.mark.parametrize(
    ("other", "may"),
    [
        ("https://a.example/x", True),
        ("http://a.example/x", True),
        ("http://a.example:81/x", False),
        ("https://a.example:444/x", False),
        ("https://b.example/x", False),
    ],
)
def test_credentials_stay_with_their_origin_and_its_upgrade(other: str, *, may: bool) -> None:
    address = parse_address("http://a.example/", any_port=True)
    assert address.may_keep_credentials(parse_address(other, any_port=True)) is may


def test_without_a_request_a_message_is_tied_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "get_correlation_id", lambda: None)
    assert queues._correlation() == {}


@pytest.mark.parametrize("is_promised", [True, False])
def test_without_a_gain_the_link_leads_to_the_original_unless_a_result_is_promised(
    *, is_promised: bool
) -> None:
    image = Image(
        job_id=7,
        index=0,
        account_id="acc_1",
        public_id="p",
        file_name="a.jpg",
        source=UploadedSource(object_key=upload_object_key("p")),
        options=ImageOptions(),
        charged_tokens=1,
        charged_month="2026-11",
        state=ImageState.DONE,
        outcome=Outcome(original_bytes=9, format="jpg", reason="no_savings"),
        always_has_result=is_promised,
    )
    kind = "optimized" if is_promised else "original"
    assert f"/direct-file/{kind}/" in str(_optimized_url(image, "https://api.example"))


def test_tokens_that_ended_with_their_month_are_not_held() -> None:
    account = Account(
        account_id="acc_1",
        name="Ada",
        email="ada@example.com",
        plan="free",
        balance=Balance(tokens=480, month="2026-10", month_grant=500, given_total=500),
        month="2026-11",
    )
    records: Any = SimpleNamespace(
        read=lambda _: account,
        read_usage=lambda _: [Usage(month="2026-10", images=15, charged_tokens=15)],
    )
    unused: Any = None
    service = AdministrationService(
        accounts=records, keys=unused, gateway_keys=unused, clock=unused
    )
    assert service.count_held_tokens("acc_1") == 5
