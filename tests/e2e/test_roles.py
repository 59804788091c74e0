"""Test that the local cloud enforces the roles of the template.

That no role allows more than it needs, for every function and right, is shown by
`tests/infra/test_least_privilege.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud


def _headers(account: LocalAccount) -> dict[str, str]:
    return {"X-API-KEY": account.api_key}


def ask_account(cloud: LocalCloud, account: LocalAccount, _: str) -> int:
    """Return the status of users/info."""
    url = f"{cloud.url}/v1/users/info"
    return requests.post(url, headers=_headers(account), timeout=30).status_code


def ask_usage(cloud: LocalCloud, account: LocalAccount, _: str) -> int:
    """Return the status of TinyJPG's usage."""
    url = f"{cloud.url}/api/v1/usage"
    return requests.get(url, headers=_headers(account), timeout=30).status_code


def ask_result(cloud: LocalCloud, account: LocalAccount, process_id: str) -> int:
    """Return the status of a poll for a job that has ended."""
    url = f"{cloud.url}/v1/optimize/{process_id}/result"
    return requests.post(url, headers=_headers(account), timeout=60).status_code


def ask_status(cloud: LocalCloud, account: LocalAccount, process_id: str) -> int:
    """Return the status of TinyJPG's look at the same job."""
    url = f"{cloud.url}/api/status/{process_id}"
    return requests.get(url, headers=_headers(account), timeout=60).status_code


@contextmanager
def without(cloud: LocalCloud, function: str, action: str) -> Iterator[None]:
    """Take an action from a function's role for a while."""
    iam, lambdas = cloud.client("iam"), cloud.client("lambda")
    name = next(
        found["FunctionName"]
        for found in lambdas.list_functions()["Functions"]
        if found["FunctionName"].endswith(f"-{function}")
    )
    role = lambdas.get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    kept = {
        policy: iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    assert kept
    for policy, document in kept.items():
        left = [statement for statement in map(_drop(action), document["Statement"]) if statement]
        changed = json.dumps({**document, "Statement": left})
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=changed)
    try:
        yield
    finally:
        for policy, document in kept.items():
            iam.put_role_policy(
                RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
            )


def _drop(action: str) -> Callable[[dict[str, Any]], dict[str, Any] | None]:
    def drop(statement: dict[str, Any]) -> dict[str, Any] | None:
        actions = statement["Action"]
        kept = actions if isinstance(actions, list) else [actions]
        kept = [one for one in kept if one != action]
        return {**statement, "Action": kept} if kept else None

    return drop


@pytest.mark.parametrize(
    ("function", "action", "ask"),
    [
        ("account", "dynamodb:Query", ask_account),
        ("tinyjpg_account", "dynamodb:Query", ask_usage),
        ("result", "dynamodb:Query", ask_result),
        ("tinyjpg_status", "dynamodb:Query", ask_status),
    ],
)
def test_a_function_fails_without_a_right_of_its_role(
    cloud: LocalCloud,
    account: LocalAccount,
    function: str,
    action: str,
    ask: Callable[[LocalCloud, LocalAccount, str], int],
) -> None:
    accepted = requests.post(
        f"{cloud.url}/v1/optimize",
        data={"type": "file"},
        files={"file": ("a.jpg", b"no image")},
        headers=_headers(account),
        timeout=60,
    ).json()
    process_id = str(accepted["process_id"])
    assert ask_result(cloud, account, process_id) == 200
    assert ask(cloud, account, process_id) == 200
    with without(cloud, function, action):
        assert ask(cloud, account, process_id) == 500
    assert ask(cloud, account, process_id) == 200


@pytest.mark.parametrize("ask", [ask_result, ask_status])
def test_another_accounts_job_is_told_to_nobody(
    cloud: LocalCloud,
    make_account: Callable[..., LocalAccount],
    ask: Callable[[LocalCloud, LocalAccount, str], int],
) -> None:
    """By either API, whichever took the job in."""
    mine, other = make_account(), make_account()
    accepted = requests.post(
        f"{cloud.url}/v1/optimize",
        data={"type": "file"},
        files={"file": ("a.jpg", b"no image")},
        headers=_headers(mine),
        timeout=60,
    ).json()
    process_id = str(accepted["process_id"])
    assert ask_result(cloud, mine, process_id) == 200
    assert ask(cloud, mine, process_id) == 200
    assert ask(cloud, other, process_id) in {401, 404}
