"""How commands answer: a table for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.table import Table


def print_answer(values: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one thing's facts."""
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
    """Return a time as text (RFC 3339), as both people and programs read it."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _to_text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_to_text(each) for each in value) or "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')}: {each}" for name, each in value.items())
    return str(value)
