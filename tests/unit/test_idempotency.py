"""Test which requests count as the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leanpix.dialects.identifiers import read_idempotency_key
from leanpix.domain.errors import LeanpixError
from leanpix.domain.idempotency import fingerprint_submission, hash_idempotency_key
from leanpix.domain.jobs import Credentials
from leanpix.domain.options import Compression, ImageOptions, Operation
from leanpix.domain.submission import Link, Submission, Upload
from leanpix.http import Request

UPLOAD = Upload(file_name="a.jpg", data=b"bytes")
LINK = Link(file_name="a.jpg", url="https://example.com/a.jpg")
REQUEST = Submission(
    account_id="acc_1",
    api="megaoptim",
    operation=Operation.COMPRESS,
    options=ImageOptions(),
    inputs=(UPLOAD, LINK),
    idempotency_key="key",
)


def test_the_same_content_has_the_same_fingerprint() -> None:
    assert fingerprint_submission(REQUEST) == fingerprint_submission(replace(REQUEST))


@pytest.mark.parametrize(
    "change",
    [
        {"api": "tinyjpg"},
        {"operation": Operation.CONVERT},
        {"options": ImageOptions(compression=Compression.HIGH)},
        {"callback_url": "https://example.com/done"},
        {"inputs": (UPLOAD,)},
        {"inputs": (LINK, UPLOAD)},
        {"inputs": (replace(UPLOAD, data=b"others"), LINK)},
        {"inputs": (replace(UPLOAD, file_name="b.jpg"), LINK)},
        {"inputs": (UPLOAD, replace(LINK, credentials=Credentials(user="a", password="b")))},
    ],
)
def test_any_change_of_the_content_changes_it(change: dict[str, object]) -> None:
    other = replace(REQUEST, **change)  # type: ignore[arg-type]  # fields of the request by name
    assert fingerprint_submission(other) != fingerprint_submission(REQUEST)


def test_a_password_cannot_be_told_from_it_without_the_key() -> None:
    other = replace(REQUEST, idempotency_key="another key")
    assert fingerprint_submission(other) != fingerprint_submission(REQUEST)


def test_one_accounts_key_means_nothing_to_another() -> None:
    assert hash_idempotency_key("acc_1", "key") != hash_idempotency_key("acc_2", "key")


def read(value: str) -> str | None:
    headers = {"idempotency-key": value}
    return read_idempotency_key(Request(method="POST", path="/", headers=headers))


def test_the_header_is_read_without_the_spaces_around_it() -> None:
    assert read(" 7f3c ") == "7f3c"
    assert read("  ") is None


def test_a_header_of_exactly_the_longest_length_is_read() -> None:
    assert read("x" * 255) == "x" * 255


@pytest.mark.parametrize("value", ["x" * 256, "schlüssel", "a\nb"])
def test_a_header_that_is_too_long_or_no_printable_text_is_refused(value: str) -> None:
    with pytest.raises(LeanpixError) as refused:
        read(value)
    assert [problem.field for problem in refused.value.problems] == ["Idempotency-Key"]
