"""Reading a form field by field, while every problem of it is gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from leanpix.contract import MAX_DIMENSION_PIXELS, MAX_URL_CHARACTERS, ErrorName
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.file_names import clean_file_name
from leanpix.domain.submission import Upload

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leanpix.forms import Form

_FLAGS: Final = {"": False, "0": False, "false": False, "1": True, "true": True}
_MOST_DIGITS: Final = 10

_Value = TypeVar("_Value")


class FormReader:
    """Reads typed values; what is wrong becomes a problem and a harmless value."""

    def __init__(self, form: Form) -> None:
        """Take the form."""
        self.form = form
        self.problems: list[Problem] = []

    def check(self) -> None:
        """Raise ``LeanpixError`` with every problem found so far, if there is one."""
        if self.problems:
            raise LeanpixError(ErrorName.INVALID_REQUEST, problems=tuple(self.problems))

    def complain(self, field: str, text: str) -> None:
        """Note a problem of a field."""
        self.problems.append(Problem(field, text))

    def text(self, field: str) -> str:
        """Return a field without the space around it; empty where it was not sent."""
        return self.form.fields.get(field, "").strip()

    def flag(self, field: str) -> bool:
        """Return a field that is 0 or 1; not sent and empty mean 0."""
        value = _FLAGS.get(self.text(field).lower())
        if value is None:
            self.complain(field, f"The {field} field must be 0 or 1.")
        return bool(value)

    def pixels(self, field: str) -> int | None:
        """Return a field that is a number of pixels; not sent, empty and 0 mean None."""
        number = to_whole(self.text(field) or "0")
        if number is None:
            self.complain(field, f"The {field} field must be a whole number of pixels, or 0.")
            return None
        # Larger than any image can be is the same as no limit, so it is not refused.
        return min(number, MAX_DIMENSION_PIXELS) or None

    def choice(self, field: str, values: Mapping[str, _Value], default: _Value) -> _Value:
        """Return what a field's word stands for; not sent and empty mean the default."""
        word = self.text(field).lower()
        if word and word not in values:
            self.complain(field, f"The {field} field must be one of: {', '.join(values)}.")
        return values.get(word, default)

    def url(self, field: str) -> str | None:
        """Return a field that must be a URL that can be fetched."""
        url = self.text(field)
        if is_usable_url(url):
            return url
        self.complain(
            field, f"The {field} field is required and must be a valid http or https URL."
        )
        return None

    def upload(self, field: str) -> Upload | None:
        """Return a field that must be an uploaded file."""
        file = self.form.files.get(field)
        if file is not None and file.data:
            return Upload(file_name=clean_file_name(file.file_name), data=file.data)
        self.complain(field, f"The {field} field is required and must be an uploaded image file.")
        return None


def to_whole(text: str) -> int | None:
    """Return a number of decimal digits, or None for any other text."""
    is_whole = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_whole else None


def is_usable_url(url: str) -> bool:
    """Return whether a URL can be fetched at all. Whether it may be is the fetcher's to say."""
    if not url or len(url) > MAX_URL_CHARACTERS or any(ord(c) <= ord(" ") for c in url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number or out of range
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
