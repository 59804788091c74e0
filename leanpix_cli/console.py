"""Share the options, answers, errors and stop signals of all commands."""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import FrameType
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

Local = Annotated[bool, typer.Option("--local", help="Work on the local cloud of this checkout.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Stage = Annotated[str, typer.Option(help="The stage whose stack to work on.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DEFAULT_STAGE: Final = "dev"
ABSENT: Final[tuple[Any, ...]] = (None, "", [], {})
"""What is shown as a dash, or as no column where no row has it."""


class CommandError(Exception):
    """A command that cannot be done; the text says why, and what would be right."""


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is done that cannot be undone.

    Raises:
        CommandError: the answer is not yes, or nobody is there to ask.
    """
    try:
        is_agreed = yes or typer.confirm(question, err=True)
    except typer.Abort:
        is_agreed = False
    if not is_agreed:
        message = "nothing was done; --yes answers the question"
        raise CommandError(message)


def print_answer(values: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the facts of one thing: tables for people, one JSON object for programs."""
    if as_json:
        typer.echo(json.dumps(values))
        return
    console = Console(soft_wrap=True)
    facts = Table(show_header=False, box=None, pad_edge=False)
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    lists = {}
    for name, value in values.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            lists[name] = value
        else:
            facts.add_row(_to_words(name), _to_text(value))
    if facts.row_count:
        console.print(facts)
    for name, rows in lists.items():
        console.print(f"\n{_to_words(name)}", style="bold")
        console.print(_to_table(rows))


def _to_table(rows: list[Mapping[str, Any]]) -> Table:
    """Return a table with a column for each fact that one of the rows has."""
    names = [name for name in rows[0] if any(row[name] not in ABSENT for row in rows)]
    table = Table(box=None, pad_edge=False)
    for name in names:
        is_number = all(isinstance(row[name], int | float) for row in rows)
        table.add_column(_to_words(name), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(_to_text(row[name]) for name in names))
    return table


def to_timestamp(at: float | None) -> str | None:
    """Return a time as text (RFC 3339)."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _to_words(name: str) -> str:
    return name.replace("_", " ")


def _to_text(value: object) -> str:
    if value in ABSENT:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return "\n".join(_to_text(each) for each in value)
    if isinstance(value, Mapping):
        return "\n".join(f"{_to_words(name)}: {_to_text(each)}" for name, each in value.items())
    return str(value)


class StopRequestedError(BaseException):
    """The user's wish that the command ends. No `Exception`: nothing on the way may catch it."""


@contextlib.contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the first signal into `StopRequestedError`; ignore later ones."""
    kinds = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        for kind in kinds:
            signal.signal(kind, signal.SIG_IGN)
        raise StopRequestedError

    before = {kind: signal.signal(kind, stop) for kind in kinds}
    try:
        yield
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
