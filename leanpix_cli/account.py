"""Create, show, list and top up accounts: `leanpix account`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from leanpix.contract import DEFAULT_PLAN, PLANS
from leanpix.domain.accounts import Account, Usage
from leanpix_cli.console import (
    DEFAULT_STAGE,
    AsJson,
    CommandError,
    Local,
    Stage,
    Yes,
    confirm,
    print_answer,
)
from leanpix_cli.target import open_target

app = typer.Typer(help="Create, show, list and top up accounts.", no_args_is_help=True)

AccountId = Annotated[str, typer.Argument(help="The account's id.")]


@app.command()
def create(  # noqa: PLR0913 - each parameter is an option of the command
    *,
    name: Annotated[str, typer.Option(help="Who it is for.")],
    email: Annotated[str, typer.Option(help="How to reach them.")],
    tokens: Annotated[
        int | None,
        typer.Option(
            help="Tokens to begin with, in place of this month's grant of the plan; they do not"
            " end with the month. -1 is unlimited."
        ),
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
    account_id: AccountId,
    *,
    secret: Annotated[
        bool, typer.Option("--secret", help="Show the secret that signs callbacks, too.")
    ] = False,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Show an account: its plan, the tokens that are left, its usage by month."""
    service = open_target(local=local, stage=stage).administration()
    account = service.show_account(account_id)
    usage = [_describe_usage(month) for month in service.show_usage(account_id)]
    answer = {
        **_describe(account),
        **_describe_ledger(account, service.count_held_tokens(account_id)),
        **({"callback_secret": account.callback_secret} if secret else {}),
        "usage": usage,
    }
    print_answer(answer, as_json=as_json)


@app.command(name="list")
def list_accounts(
    *, local: Local = False, as_json: AsJson = False, stage: Stage = DEFAULT_STAGE
) -> None:
    """List all accounts."""
    accounts = open_target(local=local, stage=stage).administration().list_accounts()
    print_answer({"accounts": [_describe(account) for account in accounts]}, as_json=as_json)


@app.command(name="top-up")
def top_up(
    account_id: AccountId,
    tokens: Annotated[int, typer.Argument(help="How many tokens to add.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Add tokens to an account. They do not end with the month."""
    account = open_target(local=local, stage=stage).administration().top_up(account_id, tokens)
    print_answer(_describe(account), as_json=as_json)


@app.command(name="take-back")
def take_back(
    account_id: AccountId,
    tokens: Annotated[int, typer.Argument(help="How many topped-up tokens to take back.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Take back tokens that were topped up and are not spent."""
    account = open_target(local=local, stage=stage).administration().take_back(account_id, tokens)
    print_answer(_describe(account), as_json=as_json)


@app.command(name="change-plan")
def change_plan(
    account_id: AccountId,
    plan: Annotated[str, typer.Argument(help=f"One of: {', '.join(PLANS)}.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Give an account another plan. A larger grant is there at once, a smaller one next month."""
    service = open_target(local=local, stage=stage).administration()
    print_answer(_describe(service.change_plan(account_id, plan)), as_json=as_json)


@app.command()
def delete(
    account_id: AccountId,
    *,
    yes: Yes = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also while tokens are held for images at work.")
    ] = False,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Delete an account with its keys and its usage. Its jobs and files go when they expire."""
    service = open_target(local=local, stage=stage).administration()
    account = service.show_account(account_id)
    held = service.count_held_tokens(account_id)
    if held and not force:
        message = (
            f"{held} tokens are held for images at work, whose refunds would find no account:"
            " wait until they have ended, or delete with --force"
        )
        raise CommandError(message)
    confirm(f"Delete the account of {account.name} <{account.email}> for good?", yes=yes)
    keys = service.delete_account(account_id)
    print_answer({"account_id": account_id, "deleted": True, "keys": keys}, as_json=as_json)


def _describe(account: Account) -> dict[str, Any]:
    balance = account.current
    return {
        "account_id": account.account_id,
        "name": account.name,
        "email": account.email,
        "plan": account.plan,
        "tokens": account.tokens,
        "granted_tokens": balance.granted,
        "topped_up_tokens": balance.topped_up,
        "monthly_tokens": account.monthly_tokens,
        "verified": account.verified,
    }


def _describe_ledger(account: Account, held_tokens: int) -> dict[str, int]:
    """Return the sums by which the account can be audited.

    `given - expired - kept - held = tokens`, where `held` is charged for images that have not
    ended.
    """
    balance = account.current
    spent = balance.given_total - balance.expired_total - balance.tokens
    return {
        "given_total": balance.given_total,
        "expired_total": balance.expired_total,
        "kept_total": spent - held_tokens,
        "held_total": held_tokens,
    }


def _describe_usage(month: Usage) -> dict[str, Any]:
    return {**asdict(month), "mean_saved_percent": month.mean_saved_percent}
