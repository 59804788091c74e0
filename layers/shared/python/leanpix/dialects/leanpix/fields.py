"""The fields of the requests to our own routes."""

from __future__ import annotations

from typing import Final

from leanpix.contract import MAX_JOBS_PER_PAGE, MAX_KEY_NAME_CHARACTERS, MAX_USAGE_DAYS
from leanpix.dialects.fields import Field, Kind
from leanpix.domain.jobs import JobState

DEFAULT_JOBS: Final = 20
DEFAULT_USAGE_DAYS: Final = 30
_DAY_EXAMPLE: Final = "2026-11-24"

STATE: Final = Field(
    name="state",
    kind=Kind.CHOICE,
    text="Only jobs in this state.",
    choices={state.value: state for state in JobState},
)
DAY: Final = Field(
    name="day",
    kind=Kind.TEXT,
    text="Only jobs of this day, UTC.",
    max_characters=len(_DAY_EXAMPLE),
    example=_DAY_EXAMPLE,
)
LIMIT: Final = Field(
    name="limit",
    kind=Kind.WHOLE,
    text="The most jobs of an answer.",
    minimum=1,
    maximum=MAX_JOBS_PER_PAGE,
    default=str(DEFAULT_JOBS),
)
CURSOR: Final = Field(
    name="cursor",
    kind=Kind.TEXT,
    text="Where to go on: next_cursor of the answer before.",
    max_characters=64,
)
FROM: Final = Field(
    name="from",
    kind=Kind.TEXT,
    text=f"The first day, UTC; {DEFAULT_USAGE_DAYS} days with today where it is not sent. A report"
    f" covers {MAX_USAGE_DAYS} days at most.",
    max_characters=len(_DAY_EXAMPLE),
    example="2026-11-01",
)
TO: Final = Field(
    name="to",
    kind=Kind.TEXT,
    text="The last day, UTC; today where it is not sent.",
    max_characters=len(_DAY_EXAMPLE),
    example=_DAY_EXAMPLE,
)
KEY_NAME: Final = Field(
    name="name",
    kind=Kind.TEXT,
    text="A name to tell the key from others.",
    max_characters=MAX_KEY_NAME_CHARACTERS,
    is_required=True,
    example="web shop",
)
