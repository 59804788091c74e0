"""An account on a running local cloud, made as ``leanpix account create --local`` makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cli.target import Target
from leanpix.contract import UNLIMITED_TOKENS
from local.aws import make_session
from local.cloud import LocalCloud

PLAN: Final = "unlimited"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAccount:
    """An account and its key."""

    account_id: str
    api_key: str


def create_local_account(
    cloud: LocalCloud,
    *,
    name: str = "Local account",
    email: str = "local@leanpix.example",
    tokens: int = UNLIMITED_TOKENS,
    plan: str = PLAN,
) -> LocalAccount:
    """Create an account with a key."""
    target = Target(make_session(), cloud.endpoint_url, cloud.outputs)
    created = target.administration().create_account(
        name=name, email=email, plan=plan, tokens=tokens
    )
    return LocalAccount(account_id=created.account_id, api_key=created.api_key)
