"""``leanpix account``: create and show accounts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from cli.output import print_answer
from cli.target import open_target
from leanpix.contract import DEFAULT_PLAN, PLANS

app = typer.Typer(help="Create and show accounts.", no_args_is_help=True)

Local = Annotated[bool, typer.Option("--local", help="Work on the local cloud of this checkout.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Stage = Annotated[str, typer.Option(help="The stage whose stack to work on.")]
DEFAULT_STAGE = "dev"


@app.command()
def create(  # noqa: PLR0913 - each parameter is an option of the command
    *,
    name: Annotated[str, typer.Option(help="Who it is for.")],
    email: Annotated[str, typer.Option(help="How to reach them.")],
    tokens: Annotated[
        int | None, typer.Option(help="Images to grant; -1 is unlimited. The plan's by default.")
    ] = None,
    plan: Annotated[str, typer.Option(help=f"One of: {', '.join(PLANS)}.")] = DEFAULT_PLAN,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Create an account and its first key. The key is shown this once."""
    service = open_target(local=local, stage=stage).administration()
    created = service.create_account(name=name, email=email, plan=plan, tokens=tokens)
    print_answer({"account_id": created.account_id, "api_key": created.api_key}, as_json=as_json)


@app.command()
def show(
    account_id: Annotated[str, typer.Argument(help="The account's id.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Show an account: its plan, the tokens that are left, its usage by month."""
    service = open_target(local=local, stage=stage).administration()
    account = service.show_account(account_id)
    usage = [asdict(month) for month in service.show_usage(account_id)]
    print_answer({**asdict(account), "usage": usage}, as_json=as_json)
