"""Read a form field by field, and gather every problem of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from leanpix.contract import MAX_URL_CHARACTERS, ErrorName
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.file_names import clean_file_name
from leanpix.domain.submission import Upload

if TYPE_CHECKING:
    from leanpix.dialects.fields import Field
    from leanpix.forms import Form

_FLAGS: Final = {"": False, "0": False, "false": False, "1": True, "true": True}
_MOST_DIGITS: Final = 10


class FormReader:
    """A reader of typed values. A wrong value becomes a problem and a harmless value."""

    def __init__(self, form: Form) -> None:
        """Take the form."""
        self.form = form
        self.problems: list[Problem] = []

    def check(self) -> None:
        """Raise every problem found so far at once.

        Raises:
            LeanpixError: `INVALID_REQUEST`, there is at least one problem.
        """
        if self.problems:
            raise LeanpixError(ErrorName.INVALID_REQUEST, problems=tuple(self.problems))

    def complain(self, field: Field, text: str) -> None:
        """Note a problem of a field."""
        self.problems.append(Problem(field.name, text))

    def has(self, field: Field) -> bool:
        """Return whether a field was sent, as text or as a file."""
        return field.name in self.form.files or bool(self.text(field))

    def raw(self, field: Field) -> str:
        """Return the text of a field as it was sent, or an empty one."""
        return self.form.fields.get(field.name, "")

    def text(self, field: Field) -> str:
        """Return the text of a field without the space around it, or an empty one."""
        return self.raw(field).strip()

    def flag(self, field: Field) -> bool:
        """Return the value of a field that is 0 or 1; not sent and empty mean 0."""
        value = _FLAGS.get(self.text(field).lower())
        if value is None:
            self.complain(field, f"The {field.name} field must be 0 or 1.")
        return bool(value)

    def pixels(self, field: Field) -> int | None:
        """Return the value of a field in pixels; not sent, empty and 0 mean None."""
        number = to_whole(self.text(field) or "0")
        if number is None:
            self.complain(field, f"The {field.name} field must be a whole number of pixels, or 0.")
            return None
        # Larger than any image can be is the same as no limit, so it is not refused.
        return min(number, field.maximum or number) or None

    def choice(self, field: Field) -> Any:
        """Return the meaning of a field's word, or None for an unknown word."""
        word = self.text(field).lower() or field.default or ""
        if word not in field.choices:
            required = "is required and " if field.is_required else ""
            words = ", ".join(field.choices)
            self.complain(field, f"The {field.name} field {required}must be one of: {words}.")
        return field.choices.get(word)

    def url(self, field: Field) -> str | None:
        """Return the value of a field that must be a usable URL."""
        url = self.text(field)
        if is_usable_url(url):
            return url
        required = "is required and " if field.is_required else ""
        self.complain(
            field, f"The {field.name} field {required}must be a valid http or https URL."
        )
        return None

    def upload(self, field: Field) -> Upload | None:
        """Return the value of a field that must be an uploaded file."""
        file = self.form.files.get(field.name)
        if file is not None and file.data:
            return Upload(file_name=clean_file_name(file.file_name), data=file.data)
        required = "is required and " if field.is_required else ""
        self.complain(field, f"The {field.name} field {required}must be an uploaded image file.")
        return None


def to_whole(text: str) -> int | None:
    """Return a number of decimal digits, or None for any other text."""
    is_whole = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_whole else None


def is_usable_url(url: str) -> bool:
    """Return whether a URL can be fetched at all; the fetcher decides whether it may be."""
    if not url or len(url) > MAX_URL_CHARACTERS or any(ord(c) <= ord(" ") for c in url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number or out of range
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
