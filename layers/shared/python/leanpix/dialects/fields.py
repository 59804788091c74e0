"""Describe the fields of requests as data that parsers and the API's description share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from leanpix.contract import MAX_FIELD_CHARACTERS, MAX_IMAGES_PER_JOB


class Kind(StrEnum):
    """The kinds of values that a field can hold."""

    TEXT = "text"
    FLAG = "flag"
    """0 or 1; not sent and empty mean 0."""
    WHOLE = "whole"
    """A whole number from `minimum` to `maximum`."""
    CHOICE = "choice"
    """One of `choices`."""
    URL = "url"
    """An http or https URL."""
    FILE = "file"
    """A file part of a multipart body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, or one parameter of a query."""

    name: str
    kind: Kind
    text: str
    """Its effect, for the reader of the API's description."""
    choices: Mapping[str, Any] = field(default_factory=dict)
    """The words that a client may send, each with its meaning."""
    default: str | None = None
    """Its value where it is not sent, if the description is to name one."""
    minimum: int | None = None
    maximum: int | None = None
    max_characters: int = MAX_FIELD_CHARACTERS
    """The longest text, for the kinds that hold one."""
    is_required: bool = False
    example: str | None = None

    def numbered(self) -> tuple[Field, ...]:
        """Return the fields of a request with several images: `url1` to `url5`."""
        return tuple(
            replace(self, name=f"{self.name}{number}", is_required=number == 1)
            for number in range(1, MAX_IMAGES_PER_JOB + 1)
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to fill in a form: fields that go together, such as `type=url` and `url`."""

    name: str
    fields: tuple[Field, ...]
