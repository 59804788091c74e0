"""Months as accounts are granted and counted by: calendar months of UTC, such as ``2026-11``."""

from __future__ import annotations

from datetime import UTC, datetime


def month_of(time: float) -> str:
    """Return the month that a time, in seconds since the epoch, lies in."""
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m}"


def first_moment_after(month: str) -> datetime:
    """Return when the month after a month begins."""
    year, number = (int(part) for part in month.split("-"))
    if number == 12:  # noqa: PLR2004 - December
        return datetime(year + 1, 1, 1, tzinfo=UTC)
    return datetime(year, number + 1, 1, tzinfo=UTC)
