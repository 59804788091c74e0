"""Test that the smoke test of a deploy passes on the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud

SMOKE = Path(__file__).resolve().parent.parent.parent / "tools" / "smoke.py"


def smoke(url: str, key: str, empty_key: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SMOKE), "--url", url],
        env=os.environ | {"LEANPIX_API_KEY": key, "LEANPIX_EMPTY_API_KEY": empty_key},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_stage_that_works_passes(
    cloud: LocalCloud, account: LocalAccount, make_account: Callable[..., LocalAccount]
) -> None:
    empty = make_account(tokens=0, plan="free")
    done = smoke(cloud.url, account.api_key, empty.api_key)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" ok in ") == 6


def test_a_stage_that_refuses_its_key_fails_in_one_line(cloud: LocalCloud) -> None:
    done = smoke(cloud.url, "not-a-key")
    assert done.returncode == 1
    assert done.stderr.startswith("smoke: a submit: status 404 instead of 202")
