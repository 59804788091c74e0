"""Test the operator's commands on the local cloud: doctor, plans, keys, a pause."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from leanpix.contract import PLANS, usage_plan_output
from leanpix_cli import target
from leanpix_cli.commands import app
from leanpix_local.http import Answer, post

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from leanpix_cli.local_setup import LocalAccount
    from leanpix_local.cloud import LocalCloud


@pytest.fixture
def run(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, Any]]:
    """Run a command on the local cloud, and return its exit code and its JSON."""
    facts = {
        "endpoint_url": cloud.endpoint_url,
        "region": cloud.region,
        "stack_name": cloud.stack.name,
    }
    (tmp_path / "cloud.json").write_text(json.dumps(facts), encoding="utf-8")
    monkeypatch.setattr(target, "CLOUD_FILE", tmp_path / "cloud.json")

    def run_command(*words: str) -> tuple[int, Any]:
        result = CliRunner().invoke(app, [*words, "--local", "--json"], catch_exceptions=False)
        return result.exit_code, json.loads(result.output)

    return run_command


def ask_account(cloud: LocalCloud, key: str) -> Answer:
    return post(f"{cloud.url}/v1/users/info", headers={"X-API-KEY": key})


def levels(answer: Any) -> dict[str, str]:
    """Return the weight of what each check found."""
    return {finding["check"]: finding["level"] for finding in answer["findings"]}


def test_doctor_finds_nothing_on_a_stage_that_works(run: Any) -> None:
    code, answer = run("doctor")
    assert (code, answer["blocks"]) == (0, False)
    found = levels(answer)
    assert {"credentials", "bootstrap", "stack", "api", "optimizer", "aliases"} <= found.keys()
    assert set(found.values()) <= {"ok", "warning"}
    assert found["api"] == found["dead letters"] == found["optimizer"] == "ok"


def test_a_paused_stage_takes_submits_and_works_on_them_once_it_is_resumed(
    cloud: LocalCloud, account: LocalAccount, photo: bytes, run: Any
) -> None:
    headers = {"X-API-KEY": account.api_key}
    assert run("stage", "pause")[1]["optimizing"] is False
    try:
        assert levels(run("doctor")[1])["optimizer"] == "warning"
        fields: dict[str, Any] = {"type": "file", "file": ("photo.jpg", photo)}
        accepted = post(f"{cloud.url}/v1/optimize", fields=fields, headers=headers)
        job = accepted.json()["process_id"]
        time.sleep(3)
        shown = run("jobs", "show", str(job))[1]
        assert (shown["images"][0]["state"], shown["images"][0]["attempts"]) == ("queued", 0)
    finally:
        assert run("stage", "resume")[1]["optimizing"] is True
    done = post(f"{cloud.url}/v1/optimize/{job}/result?timeout=60", headers=headers)
    assert done.json()["result"][0]["success"]
    assert levels(run("doctor")[1])["optimizer"] == "ok"


def test_a_key_goes_on_working_in_another_plan_and_is_in_that_ones_usage_plan_alone(
    cloud: LocalCloud, make_account: Callable[..., LocalAccount], run: Any
) -> None:
    account = make_account(tokens=9, plan="free")
    assert run("account", "change-plan", account.account_id, "pro")[1]["plan"] == "pro"
    assert ask_account(cloud, account.api_key).status == 200
    key_ids = {
        plan: {
            key["value"]
            for key in cloud.client("apigateway").get_usage_plan_keys(
                usagePlanId=cloud.outputs[usage_plan_output(plan)], limit=500
            )["items"]
        }
        for plan in PLANS
    }
    assert [plan for plan in PLANS if account.api_key in key_ids[plan]] == ["pro"]


def test_revoked_keys_are_refused_at_once(
    cloud: LocalCloud, account: LocalAccount, run: Any
) -> None:
    second = run("key", "create", account.account_id)[1]["api_key"]
    assert ask_account(cloud, second).status == 200
    assert run("key", "revoke", account.account_id, "--all", "--yes")[1]["revoked"] == 2
    # The authorizer's answer is kept for a minute; API Gateway's own key is gone.
    for key in (second, account.api_key):
        assert ask_account(cloud, key).status == 401


def test_a_deleted_account_is_gone_with_its_keys(
    cloud: LocalCloud, account: LocalAccount, run: Any
) -> None:
    assert run("account", "delete", account.account_id, "--yes")[1]["keys"] == 1
    assert ask_account(cloud, account.api_key).status == 401
    listed = run("account", "list")[1]["accounts"]
    assert account.account_id not in {each["account_id"] for each in listed}
