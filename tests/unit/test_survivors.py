"""Test the details that changes of single places showed to be untested (`make mutants`)."""

from __future__ import annotations

from typing import Any

import pytest

from leanpix.contract import MAX_OPEN_SECONDS, MAX_REDIRECT_CHARACTERS
from leanpix.dialects.form_reader import to_whole
from leanpix.domain.ids import made_at, make_public_id
from leanpix.domain.web_addresses import AddressInvalidError, parse_address
from leanpix.services.results import _matches, mark_failed


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
