"""Read the requests to our own routes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from leanpix.contract import MAX_JOBS_PER_PAGE, MAX_USAGE_DAYS
from leanpix.dialects.form_reader import FormReader
from leanpix.dialects.leanpix import fields
from leanpix.domain.jobs import JobPlace, JobQuery
from leanpix.domain.usage import Period
from leanpix.forms import Form, parse_form

if TYPE_CHECKING:
    from leanpix.dialects.fields import Field
    from leanpix.http import Request

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURSOR: Final = re.compile(r"([0-9]{1,10}\.[0-9]{6})-([0-9]{1,16})")
_WHOLE: Final = re.compile(r"[0-9]{1,4}")


def parse_job_query(request: Request) -> JobQuery:
    """Return which jobs a request wants to see.

    Raises:
        LeanpixError: the request has at least one problem; the error names them all.
    """
    reader = FormReader(Form(fields=request.query))
    day = _read_day(reader, fields.DAY)
    state = reader.choice(fields.STATE) if reader.text(fields.STATE) else None
    limit, after = _read_limit(reader), _read_cursor(reader)
    reader.check()
    since = _starts_at(day) if day else 0.0
    # One microsecond before the next day, as times are kept to the microsecond.
    until = _starts_at(day + timedelta(days=1)) - 1e-6 if day else 1e10
    return JobQuery(limit=limit, since=since, until=until, state=state, after=after)


def parse_period(request: Request, *, now: float) -> Period:
    """Return the days that a report of usage is to cover.

    Raises:
        LeanpixError: the request has at least one problem; the error names them all.
    """
    reader = FormReader(Form(fields=request.query))
    last = _read_day(reader, fields.TO) or datetime.fromtimestamp(now, UTC).date()
    first = _read_day(reader, fields.FROM)
    if first is None:
        back = min(fields.DEFAULT_USAGE_DAYS - 1, (last - date.min).days)
        first = last - timedelta(days=back)
    if not 0 <= (last - first).days < MAX_USAGE_DAYS:
        reader.complain(
            fields.FROM,
            f"The from field must be a day at most {MAX_USAGE_DAYS} days before the day in to.",
        )
    reader.check()
    return Period(first, last)


def parse_key_name(request: Request) -> str:
    """Return the name for a new key.

    Raises:
        LeanpixError: there is none, or it is too long.
    """
    reader = FormReader(parse_form(request))
    name = reader.text(fields.KEY_NAME)
    if not name:
        reader.complain(fields.KEY_NAME, "The name field is required.")
    reader.check()
    return name


def write_cursor(place: JobPlace) -> str:
    """Return a place among jobs as a client sends it back."""
    return f"{place.created_at:.6f}-{place.job_id}"


def _read_cursor(reader: FormReader) -> JobPlace | None:
    text = reader.text(fields.CURSOR)
    found = _CURSOR.fullmatch(text)
    if text and not found:
        reader.complain(fields.CURSOR, "The cursor field must be a next_cursor of an answer.")
    return JobPlace(float(found[1]), int(found[2])) if found else None


def _read_limit(reader: FormReader) -> int:
    text = reader.text(fields.LIMIT)
    if not text:
        return fields.DEFAULT_JOBS
    if not _WHOLE.fullmatch(text):
        reader.complain(
            fields.LIMIT, f"The limit field must be a number from 1 to {MAX_JOBS_PER_PAGE}."
        )
        return 1
    return min(max(int(text), 1), MAX_JOBS_PER_PAGE)


def _read_day(reader: FormReader, field: Field) -> date | None:
    text = reader.text(field)
    if not text:
        return None
    try:
        # Python's own reader takes other notations too.
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    reader.complain(field, f"The {field.name} field must be a day such as 2026-11-24.")
    return None


def _starts_at(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
