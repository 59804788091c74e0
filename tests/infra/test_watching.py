"""Test that each failure has an alarm and each alarm a way out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra.functions import SERVING
from leanpix import contract
from leanpix.contract import MetricName

if TYPE_CHECKING:
    from tests.infra.conftest import Template

ROOT = Path(__file__).resolve().parent.parent.parent
RUNBOOK = ROOT / "docs" / "operations.md"


def alarms(template: Template, stage: str = "dev") -> dict[str, dict[str, Any]]:
    """Return each alarm's properties by its name without the stack's."""
    return {
        alarm["AlarmName"].removeprefix(f"leanpix-{stage}-"): alarm
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values()
    }


def watching(template: Template, stage: str = "dev") -> dict[str, dict[str, Any]]:
    """Return the alarms that tell somebody; the others take new versions back."""
    found = alarms(template, stage)
    return {name: found[name] for name in found if not name.startswith("rollout")}


def headings() -> set[str]:
    """Return the runbook's headings as the anchors that they are."""
    text = RUNBOOK.read_text(encoding="utf-8")
    return set(re.findall(r"^### ([a-z-]+)$", text, re.MULTILINE))


def test_each_alarm_has_an_entry_in_the_runbook_and_each_entry_an_alarm(
    template: Template,
) -> None:
    assert headings() == set(watching(template))


def test_an_alarm_says_what_is_wrong_and_where_to_read_on(template: Template) -> None:
    for name, alarm in watching(template).items():
        assert alarm["AlarmDescription"].endswith(f"What to do: docs/operations.md#{name}")


def test_an_alarm_tells_the_topic_when_it_begins_and_when_it_ends(template: Template) -> None:
    (topic,) = template.of_type("AWS::SNS::Topic")
    for alarm in watching(template).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_whoever_is_named_is_told(template: Template, production: Template) -> None:
    assert not template.of_type("AWS::SNS::Subscription")
    subscription = production.one("AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "on-call@example.org")
    budget = production.one("AWS::Budgets::Budget")["Budget"]
    assert budget["BudgetLimit"] == {"Amount": 300, "Unit": "USD"}


def test_silence_is_no_alarm_except_from_the_sweeper(template: Template) -> None:
    for name, alarm in watching(template).items():
        expected = "breaching" if name == "sweeper-stopped" else "notBreaching"
        assert alarm["TreatMissingData"] == expected


def chaos_table() -> list[tuple[str, str, str]]:
    """Return what the runbook says the chaos run provokes: failure, metric, alarm."""
    text = RUNBOOK.read_text(encoding="utf-8").partition("#### What `make chaos` provokes")[2]
    return re.findall(r"^\| (.+) \| `(\w+)` \| \*([a-z-]+)\* \|$", text, re.MULTILINE)


def test_the_runbook_tells_what_the_chaos_run_provokes() -> None:
    told = " ".join(failure for failure, _, _ in chaos_table())
    for failure in ("killed", "deliveries are used up", "given up and refunded", "with 500"):
        assert failure in told


@pytest.mark.parametrize(("failure", "metric", "alarm"), chaos_table())
def test_each_failure_that_the_chaos_run_provokes_has_a_metric_and_an_alarm(
    template: Template, failure: str, metric: str, alarm: str
) -> None:
    assert f'"{metric}"' in json.dumps(watching(template)[alarm]), failure


@pytest.mark.parametrize(
    ("failure", "alarm"),
    [
        ("a callback's messages are used up", "dead-callbacks"),
        ("the other side of callbacks is slow", "callbacks-waiting"),
        ("nobody heals", "sweeper-stopped"),
        ("DynamoDB throttles", "tables-throttled"),
        ("Lambda throttles", "throttled"),
        ("images take too long", "optimizer-slow"),
        ("it costs too much", "spend"),
    ],
)
def test_what_else_may_fail_has_an_alarm(template: Template, failure: str, alarm: str) -> None:
    assert alarm in watching(template), failure


def test_thresholds_follow_the_settings(template: Template, production: Template) -> None:
    ages = [
        watching(which, stage)["images-waiting"]["Threshold"]
        for which, stage in ((template, "dev"), (production, "prod"))
    ]
    assert ages == [300, 120]
    assert watching(production, "prod")["spend"]["Threshold"] == 7
    assert watching(production, "prod")["optimizer-slow"]["Threshold"] == 0.8 * 300_000


def test_alarms_look_at_metrics_that_the_functions_write(template: Template) -> None:
    text = json.dumps(alarms(template))
    named = set(re.findall(r'"MetricName": "([A-Za-z0-9]+)", "Namespace": "Leanpix/dev"', text))
    assert named <= set(MetricName)
    assert MetricName.LEDGER_ANOMALIES in named
    assert MetricName.UNREADABLE_RECORDS in named
    for name in contract.FUNCTIONS:
        variables = template.function(name)["Environment"]["Variables"]
        assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Leanpix/dev"


def test_a_metric_is_explained_in_the_runbook() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    for name in MetricName:
        assert f"`{name}`" in text


def test_the_dashboard_shows_every_alarm(template: Template) -> None:
    body = json.dumps(template.one("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for logical_id, alarm in template.of_type("AWS::CloudWatch::Alarm").items():
        if not alarm["AlarmName"].startswith("leanpix-dev-rollout"):
            assert logical_id in body


def test_production_takes_a_new_version_back_by_alarm(
    template: Template, production: Template
) -> None:
    assert not template.of_type("AWS::CodeDeploy::DeploymentGroup")
    groups = production.of_type("AWS::CodeDeploy::DeploymentGroup").values()
    assert {group["DeploymentGroupName"] for group in groups} == {
        "authorizer",
        "optimizer",
        *(route.function for route in contract.ROUTES),
    }
    for group in groups:
        assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        assert len(group["AlarmConfiguration"]["Alarms"]) == 1
    aliases = [
        resource
        for resource in production.body["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Alias"
    ]
    assert len(aliases) == len(groups)
    for alias in aliases:
        update = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        assert "Hook" in json.dumps(update["BeforeAllowTrafficHook"])


def test_an_alarm_that_takes_a_version_back_looks_at_that_version(production: Template) -> None:
    found = alarms(production, "prod")
    rollouts = [found[name] for name in found if name.startswith("rollout")]
    assert rollouts
    for alarm in rollouts:
        own, crashes = sorted(
            (each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each),
            key=lambda metric: metric["Namespace"] == "AWS/Lambda",
        )
        by_name = {each["Name"]: each["Value"] for each in own["Dimensions"]}
        assert "CurrentVersion" in json.dumps(by_name["version"])
        by_name = {each["Name"]: each["Value"] for each in crashes["Dimensions"]}
        assert "CurrentVersion" in json.dumps(by_name["ExecutedVersion"])
        assert by_name["Resource"].endswith(":live")


def test_the_rollout_hook_may_call_the_functions_that_serve_and_no_other(
    production: Template,
) -> None:
    (role,) = {
        name for name in production.of_type("AWS::IAM::Role") if name.startswith("RolloutsHook")
    }
    (statements,) = (
        policy["PolicyDocument"]["Statement"]
        for policy in production.of_type("AWS::IAM::Policy").values()
        if {"Ref": role} in policy["Roles"]
    )
    called = {
        re.search(r"function:leanpix-prod-(\w+):\*", json.dumps(resource))[1]  # type: ignore[index]  # else the test fails, as it should
        for statement in statements
        if statement["Action"] == "lambda:InvokeFunction"
        for resource in statement["Resource"]
    }
    assert called == set(SERVING)


def test_a_call_that_lambda_refused_is_no_error_of_ours(template: Template) -> None:
    # API Gateway answers it with 500; the alarm "throttled" counts it.
    (percent,) = (
        metric["Expression"]
        for metric in watching(template)["errors"]["Metrics"]
        if metric["Id"] == "percent"
    )
    for name in ("authorizer", "submit", "tinyjpg_submit", "result", "image"):
        assert f"FILL(refused_{name}, 0)" in percent
        assert f'"leanpix-dev-{name}"' in json.dumps(watching(template)["errors"])


def test_the_version_before_stays_as_the_way_back(production: Template) -> None:
    for logical_id in production.of_type("AWS::Lambda::Version"):
        # One that a rolled-back deploy made goes: "already exists" would end the next deploy.
        policy = production.body["Resources"][logical_id]["DeletionPolicy"]
        assert policy == "RetainExceptOnCreate"
