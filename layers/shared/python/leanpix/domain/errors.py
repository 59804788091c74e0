"""Errors that a client is told about. Their texts and codes stand in ``leanpix.contract``."""

from __future__ import annotations

from leanpix.contract import ERRORS, ErrorEntry, ErrorName


class LeanpixError(Exception):
    """A refusal that the client is told about; its entry in the catalogue says how.

    ``problems`` are texts that replace the entry's own (every problem of a request at once);
    ``facts`` fill the placeholders of the entry's text.
    """

    def __init__(
        self, name: ErrorName, *, problems: tuple[str, ...] = (), **facts: str | int
    ) -> None:
        """Take the error's name and what its text needs."""
        super().__init__(name.value)
        self.name = name
        self.problems = problems
        self.facts = facts

    @property
    def entry(self) -> ErrorEntry:
        """Return the catalogue's entry for this error."""
        return ERRORS[self.name]

    def texts(self, *, site_url: str) -> list[str]:
        """Return what the client reads."""
        if self.problems:
            return list(self.problems)
        return [self.entry.text.format(site=site_url, **self.facts)]
