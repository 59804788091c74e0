"""Say what stands in the way of a deploy, or of a deployed stage: `leanpix doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from leanpix_cli.checks import BEFORE, Finding, Level, run_checks
from leanpix_cli.console import DEFAULT_STAGE, AsJson, CommandError, Local, Stage
from leanpix_cli.stage_checks import AFTER
from leanpix_cli.target import open_account

Settings = Annotated[
    list[str],
    typer.Option("-c", "--context", metavar="NAME=VALUE", help="A deploy setting, several times."),
]
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.BLOCKS: "red"}


def doctor(
    *,
    context: Settings = [],  # noqa: B006 - typer reads the default, nobody changes it
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Say what stands in the way of a deploy, or of the stage that is deployed.

    Ends with 1 where something blocks.
    """
    found = examine(parse_settings(context), local=local, stage=stage)
    if as_json:
        facts = [asdict(finding) for finding in found]
        typer.echo(json.dumps({"stage": stage, "blocks": blocks(found), "findings": facts}))
    else:
        print_findings(found)
    raise typer.Exit(int(blocks(found)))


def examine(settings: dict[str, str], *, local: bool, stage: str) -> list[Finding]:
    """Return what the checks find: of the account, and of the stage where it is deployed."""
    account = open_account(local=local, stage=stage)
    found = run_checks(BEFORE, account, settings)
    can_ask = not any(
        finding.check in {"credentials", "region"} and finding.level is Level.BLOCKS
        for finding in found
    )
    stack = account.describe_stack() if can_ask else None
    if stack is not None and stack["StackStatus"] in _WHOLE:
        found += run_checks(AFTER, account, settings)
    return found


_WHOLE = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"}
)


def blocks(found: Iterable[Finding]) -> bool:
    """Return whether something that was found has to be mended first."""
    return any(finding.level is Level.BLOCKS for finding in found)


def parse_settings(pairs: Iterable[str]) -> dict[str, str]:
    """Return deploy settings as they are given on a command line.

    Raises:
        CommandError: one is no `name=value`.
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            message = f"-c {pair}: must be name=value"
            raise CommandError(message)
        settings[name] = value
    return settings


def print_findings(found: Iterable[Finding]) -> None:
    """Print a table for people."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for _ in range(3):
        table.add_column(overflow="fold")
    for finding in found:
        colour = _COLOURS[finding.level]
        table.add_row(f"[{colour}]{finding.level}[/]", finding.check, finding.text)
        if finding.remedy:
            table.add_row("", "", f"→ {finding.remedy}")
    Console(soft_wrap=True, highlight=False).print(table)
