"""Read a form field by field, and gather every problem of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leanpix.contract import MAX_FIELD_BYTES, MAX_URL_CHARACTERS, ErrorName
from leanpix.dialects.fields import Kind
from leanpix.domain.errors import LeanpixError, Problem
from leanpix.domain.file_names import clean_file_name
from leanpix.domain.submission import Upload
from leanpix.domain.web_addresses import (
    AddressInvalidError,
    CredentialsInAddressError,
    PortRefusedError,
    parse_address,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from leanpix.dialects.fields import Field
    from leanpix.forms import Form, FormFile

_FLAGS: Final = {"": False, "false": False, "1": True, "true": True}
OFF: Final = "0"
"""The value with which clients turn any field off: PHP sends false as 0."""
_MOST_DIGITS: Final = 10
_VALID: Final = "a valid http or https URL"


class FormReader:
    """A reader of typed values. A wrong value becomes a problem and a harmless value."""

    def __init__(self, form: Form, *, any_port: bool = False) -> None:
        """Take the form.

        Args:
            form: the form.
            any_port: allows URLs with ports other than 80 and 443, as the local cloud does.
        """
        self.form = form
        self.any_port = any_port
        self._unusable: set[str] = set()
        """The fields whose text was refused, of which nothing more is said."""
        self.problems: list[Problem] = []

    def check(self) -> None:
        """Raise every problem found so far at once.

        Raises:
            LeanpixError: `INVALID_REQUEST`, there is at least one problem.
        """
        if self.problems:
            raise LeanpixError(ErrorName.INVALID_REQUEST, problems=tuple(self.problems))

    def complain(self, field: Field, text: str) -> None:
        """Note a problem of a field, unless its text was refused before."""
        if field.name in self._unusable:
            return
        self.problems.append(Problem(field.name, text))

    def find_misspelled(self, known: Collection[str]) -> tuple[str, ...]:
        """Return a warning for each unknown field whose name is one letter off a known one."""
        meant = {name: _find_near(name, known) for name in (*self.form.fields, *self.form.files)}
        return tuple(
            f"The {name} field is not known and was ignored. Did you mean {near}?"
            for name, near in meant.items()
            if near
        )

    def has(self, field: Field) -> bool:
        """Return whether a field was sent, as text or as a file."""
        return self.file(field) is not None or bool(self.text(field))

    def file(self, field: Field) -> FormFile | None:
        """Return the file of a field, or None for an empty file input of a browser."""
        file = self.form.files.get(field.name)
        return file if file is not None and (file.data or file.file_name) else None

    def raw(self, field: Field) -> str:
        """Return the text of a field as it was sent, or an empty one.

        Text that could not be recorded is a problem, and counts as empty.
        """
        value = self.form.fields.get(field.name, "")
        problem = _find_problem(field, value)
        if problem is None:
            return value
        self.complain(field, f"The {field.name} field must {problem}.")
        self._unusable.add(field.name)
        return ""

    def text(self, field: Field) -> str:
        """Return the text of a field without the space around it; empty if it is off."""
        text = self.raw(field).strip()
        return "" if text == OFF else text

    def flag(self, field: Field) -> bool:
        """Return the value of a field that is 0 or 1; not sent and empty mean 0."""
        value = _FLAGS.get(self.text(field).lower())
        if value is None:
            self.complain(field, f"The {field.name} field must be 0 or 1.")
        return bool(value)

    def pixels(self, field: Field) -> int | None:
        """Return the value of a field in pixels; not sent, empty and 0 mean None."""
        text = self.text(field) or OFF
        if not (text.isascii() and text.isdecimal()):
            self.complain(field, f"The {field.name} field must be a whole number of pixels, or 0.")
            return None
        # Larger than any image can be is the same as no limit, so it is not refused.
        number = to_whole(text.lstrip("0") or OFF)
        return field.maximum if number is None else min(number, field.maximum or number) or None

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
        fault = self._find_fault(url)
        if fault is None:
            return url
        required = "is required and " if field.is_required else ""
        self.complain(field, f"The {field.name} field {required}must be {fault}.")
        return None

    def _find_fault(self, url: str) -> str | None:
        """Return what a URL must be and is not, or None for one that can be fetched."""
        if not url or len(url) > MAX_URL_CHARACTERS or " " in url:
            return _VALID
        try:
            parse_address(url, any_port=self.any_port)
        except CredentialsInAddressError:
            return "a URL without a user name or password"
        except PortRefusedError:
            return "a URL with port 80 or 443"
        except AddressInvalidError:
            return _VALID
        return None

    def upload(self, field: Field) -> Upload | None:
        """Return the value of a field that must be an uploaded file."""
        file = self.file(field)
        if file is not None and file.data:
            return Upload(file_name=clean_file_name(file.file_name), data=file.data)
        required = "is required and " if field.is_required else ""
        self.complain(field, f"The {field.name} field {required}must be an uploaded image file.")
        return None


def _find_problem(field: Field, text: str) -> str | None:
    """Return what a text must be to be recorded, or None where it is."""
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError:  # lone surrogates: of JSON, or for bytes that are no UTF-8
        return "be text in UTF-8"
    if "\0" in text:
        return "be text without NUL characters"
    if field.kind is Kind.WHOLE:  # recorded as a number
        return None
    if len(text) > field.max_characters:
        return f"have at most {field.max_characters:,} characters"
    if size_bytes > MAX_FIELD_BYTES:
        return f"have at most {MAX_FIELD_BYTES:,} bytes in UTF-8"
    return None


def _find_near(name: str, known: Collection[str]) -> str | None:
    """Return the known name that an unknown one is one letter off, if there is one."""
    if name in known or not (name.isascii() and name.isprintable()):
        return None
    return next((each for each in sorted(known) if _is_one_letter_off(name, each)), None)


def _is_one_letter_off(one: str, other: str) -> bool:
    """Return whether one letter was added, left out or changed, or two neighbours swapped."""
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = next(
        (at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), None
    )
    if same is None:
        return True
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    swapped = longer[same + 1 : same + 2] + longer[same]
    rest = same + 2
    return shorter[same + 1 :] == longer[same + 1 :] or (
        shorter[same:rest] == swapped and shorter[rest:] == longer[rest:]
    )


def to_whole(text: str) -> int | None:
    """Return a number of decimal digits, or None for any other text."""
    is_whole = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_whole else None
