"""Create, list and revoke keys: `leanpix key`."""

from __future__ import annotations

from typing import Annotated

import typer

from leanpix_cli.console import (
    DEFAULT_STAGE,
    AsJson,
    Local,
    Stage,
    Yes,
    confirm,
    print_answer,
    to_timestamp,
)
from leanpix_cli.target import open_target

app = typer.Typer(help="Create, list and revoke keys.", no_args_is_help=True)


@app.command()
def create(
    account_id: Annotated[str, typer.Argument(help="The account that it is for.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Create a further key. It is shown this once."""
    created = open_target(local=local, stage=stage).administration().create_key(account_id)
    print_answer(
        {
            "account_id": created.account_id,
            "key_id": created.key_id,
            "api_key": created.api_key,
        },
        as_json=as_json,
    )


@app.command(name="list")
def list_keys(
    account_id: Annotated[str, typer.Argument(help="The account whose keys to list.")],
    *,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """List an account's keys by their ids, revoked ones too. The keys themselves are not kept."""
    keys = open_target(local=local, stage=stage).administration().list_keys(account_id)
    answer = {
        "account_id": account_id,
        "keys": [
            {
                "key_id": key.key_id,
                "created_at": to_timestamp(key.created_at),
                "revoked_at": to_timestamp(key.revoked_at),
            }
            for key in keys
        ],
    }
    print_answer(answer, as_json=as_json)


@app.command()
def revoke(
    key: Annotated[
        str, typer.Argument(help="The key itself, or its id; with --all, an account's id.")
    ],
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Revoke all keys of the account that is named.")
    ] = False,
    yes: Yes = False,
    local: Local = False,
    as_json: AsJson = False,
    stage: Stage = DEFAULT_STAGE,
) -> None:
    """Revoke a key. It stops working within a minute, when the authorizer's cache ends."""
    service = open_target(local=local, stage=stage).administration()
    if every:
        confirm(f"Revoke all keys of the account {key}?", yes=yes)
        ids = [revoked.key_id for revoked in service.revoke_all_keys(key)]
        print_answer({"account_id": key, "key_ids": ids, "revoked": len(ids)}, as_json=as_json)
        return
    found = service.revoke_key(key)
    print_answer(
        {"account_id": found.account_id, "key_id": found.key_id, "revoked": True},
        as_json=as_json,
    )
