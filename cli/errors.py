"""Errors that a command tells its user in one line."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot do what was asked; the text says why, and what would be right."""
