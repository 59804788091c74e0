"""Run the local cloud in the foreground, with an account: `leanpix serve`."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict
from http import HTTPStatus
from typing import Final

from rich.console import Console

from leanpix_cli.console import StopRequestedError, stop_on_signals
from leanpix_cli.local_setup import DEMO_PHOTOS, LocalAccount, create_local_account, find_photo
from leanpix_local.cloud import LocalCloud
from leanpix_local.errors import LocalCloudError
from leanpix_local.http import post
from leanpix_local.paths import CLOUD_FILE, LOCAL_DIR, STACK_FILE, STATE_DIR
from leanpix_local.runs import sole_user, write_atomically

_CHECK_SECONDS: Final = 0.5
_HIGHEST_PORT: Final = 65_535
_ACCOUNT_FILE: Final = "account.json"
LOG_FILE: Final = LOCAL_DIR / "serve.log"


def serve(*, port: int, fresh: bool) -> int:
    """Run until Ctrl-C or SIGTERM and return the exit code."""
    if not 0 <= port <= _HIGHEST_PORT:
        message = f"A port is a number from 0 to {_HIGHEST_PORT}, not {port}."
        raise LocalCloudError(message)
    console = Console(highlight=False, soft_wrap=True)
    with sole_user(STATE_DIR):
        # A killed run has left them; whoever waits for them must not find the old ones.
        _withdraw()
        LOG_FILE.unlink(missing_ok=True)
    cloud = LocalCloud(
        port=port, state_dir=STATE_DIR, fresh=fresh, log=LOG_FILE, report=console.print
    )
    with stop_on_signals(), contextlib.suppress(StopRequestedError), cloud:
        try:
            account = _account(cloud)
            _announce(cloud, account)
            _print_usage(console, cloud.url, account)
            while True:
                time.sleep(_CHECK_SECONDS)
                cloud.check()
        finally:
            _withdraw()
            console.print("Stopping")
    console.print("Stopped; the next start goes on from here.")
    return 0


def _account(cloud: LocalCloud) -> LocalAccount:
    """Return the account of the last run, or a new one where it does not work any more."""
    path = STATE_DIR / _ACCOUNT_FILE
    try:
        account = LocalAccount(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        account = None
    if account is None or not _works(cloud.url, account.api_key):
        account = create_local_account(cloud)
        write_atomically(path, json.dumps(asdict(account)))
    return account


def _works(url: str, api_key: str) -> bool:
    answer = post(f"{url}/v1/users/info", headers={"X-API-KEY": api_key})
    return answer.status == HTTPStatus.OK


def _announce(cloud: LocalCloud, account: LocalAccount) -> None:
    """Write the files by which scripts and `--local` find this cloud."""
    write_atomically(
        CLOUD_FILE,
        json.dumps(
            {
                "endpoint_url": cloud.endpoint_url,
                "region": cloud.region,
                "stack_name": cloud.stack.name,
            }
        ),
    )
    write_atomically(
        STACK_FILE,
        json.dumps(
            {"url": cloud.url, "api_key": account.api_key, "account_id": account.account_id}
        ),
    )


def _withdraw() -> None:
    STACK_FILE.unlink(missing_ok=True)
    CLOUD_FILE.unlink(missing_ok=True)


def _print_usage(console: Console, url: str, account: LocalAccount) -> None:
    photo = find_photo(DEMO_PHOTOS[0])
    console.print(
        f"""
Leanpix runs on {url}, account {account.account_id}. Open its console and drop a photo:

  {url}/console#key={account.api_key}

Or submit a photo:

  curl -H 'X-API-KEY: {account.api_key}' -F type=file -F 'file=@{photo}' {url}/v1/optimize

and poll for its result, with the process_id that came back:

  curl -X POST -H 'X-API-KEY: {account.api_key}' '{url}/v1/optimize/PROCESS_ID/result?timeout=60'

Ctrl-C stops it.""",
        markup=False,
    )
