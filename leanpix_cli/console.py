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
    """Print the facts of one thing: a table for people, one JSON object for programs."""
    if as_json:
        typer.echo(json.dumps(values))
        return
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in values.items():
        table.add_row(name.replace("_", " "), _to_text(value))
    Console(soft_wrap=True).print(table)


def to_timestamp(at: float | None) -> str | None:
    """Return a time as text (RFC 3339)."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _to_text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_to_text(each) for each in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')}: {each}" for name, each in value.items())
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
