"""What the fields of requests are, as data that parsers and the API's description share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from leanpix.contract import MAX_IMAGES_PER_JOB


class Kind(StrEnum):
    """What a field's text has to be."""

    TEXT = "text"
    FLAG = "flag"
    """0 or 1; not sent and empty mean 0."""
    WHOLE = "whole"
    """A whole number from ``minimum`` to ``maximum``."""
    CHOICE = "choice"
    """One of ``choices``."""
    URL = "url"
    """That of a web page: http or https."""
    FILE = "file"
    """A file part of a multipart body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, or one parameter of a query."""

    name: str
    kind: Kind
    text: str
    """What it does, for the reader of the API's description."""
    choices: Mapping[str, Any] = field(default_factory=dict)
    """The words that a client may send, and what each of them stands for."""
    default: str | None = None
    """What it counts as where it is not sent, as far as that is worth saying."""
    minimum: int | None = None
    maximum: int | None = None
    is_required: bool = False
    example: str | None = None

    def numbered(self) -> tuple[Field, ...]:
        """Return the fields of a request with several images: ``url1`` to ``url5``."""
        return tuple(
            replace(self, name=f"{self.name}{number}", is_required=number == 1)
            for number in range(1, MAX_IMAGES_PER_JOB + 1)
        )


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to fill in a form: fields that go together, such as ``type=url`` and ``url``."""

    name: str
    fields: tuple[Field, ...]
