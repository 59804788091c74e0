"""Define the errors that clients get; their texts and codes are in `leanpix.contract`."""

from __future__ import annotations

from dataclasses import dataclass

from leanpix.contract import ErrorName


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault in one field of a request; the text says what would be right."""

    field: str
    text: str


class LeanpixError(Exception):
    """A refusal that the client gets; the catalogue of each API has its words.

    `problems` are the faults of a request's fields, all of them at once; `facts` fill the
    placeholders of the catalogue's text.
    """

    def __init__(
        self, name: ErrorName, *, problems: tuple[Problem, ...] = (), **facts: str | int
    ) -> None:
        """Take the error's name and what its text needs."""
        super().__init__(name.value)
        self.name = name
        self.problems = problems
        self.facts = facts
