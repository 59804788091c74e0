"""Test the functions' processors, settings, memory and limits in the template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.api import _held_rates
from infra.settings import FEW_SLOTS_HOLD_SECONDS, SettingError, Settings
from infra.synth import synthesize
from leanpix import contract
from leanpix.contract import EnvironmentName
from tests.infra.conftest import Template

if TYPE_CHECKING:
    from pathlib import Path


TOLD_BUT_NOT_USED = {("tinyjpg_status", EnvironmentName.ACCOUNTS_TABLE)}
"""It shares its service with `result`, which tells accounts and reads them."""
WITH_WILDCARDS = ("/uploads/*", "/results/*", "::/apikeys/*", "::/usageplans/*/keys")
WITHOUT_RESOURCES = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
"""Actions for which AWS knows no resource but "*" (Service Authorization Reference)."""


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_function_of_the_contract_is_there_and_no_other(template: Template) -> None:
    names = {
        properties["FunctionName"]
        for properties in template.of_type("AWS::Lambda::Function").values()
    }
    assert names == {f"leanpix-dev-{name}" for name in contract.FUNCTIONS}


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_function_runs_python_3_13_on_arm64(template: Template, name: str) -> None:
    function = template.function(name)
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["Handler"] == "handler.handler"


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_the_engine_is_carried_by_the_optimizer_alone(template: Template, name: str) -> None:
    layers = [layer["Ref"] for layer in template.function(name)["Layers"]]
    assert any("EngineDependencies" in layer for layer in layers) is (name == "optimizer")
    assert any("Shared" in layer for layer in layers)


def test_no_function_can_be_deployed_with_leave_to_fetch_from_loopback(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        assert EnvironmentName.FETCH_ALLOW_LOOPBACK not in json.dumps(which.body)


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_function_is_told_of_the_tables_that_it_may_use_and_of_no_other(
    template: Template, name: str
) -> None:
    told = template.function(name)["Environment"]["Variables"]
    allowed = json.dumps(template.statements(name))
    for variable in (
        EnvironmentName.JOBS_TABLE,
        EnvironmentName.KEYS_TABLE,
        EnvironmentName.ACCOUNTS_TABLE,
        EnvironmentName.BUCKET,
    ):
        resource = told.get(variable, {}).get("Ref")
        if resource and (name, variable) not in TOLD_BUT_NOT_USED:
            assert resource in allowed, f"{variable} without a right to use it"
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket"):
        for logical_id in template.of_type(kind):
            if f'"{logical_id}"' in allowed:
                assert {"Ref": logical_id} in told.values(), f"a right to use {logical_id} unused"


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_role_names_its_actions_and_resources(template: Template, name: str) -> None:
    statements = template.statements(name)
    assert statements
    for statement in statements:
        assert statement["Effect"] == "Allow"
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        if set(as_list(statement["Action"])) == WITHOUT_RESOURCES:
            continue
        for resource in as_list(statement["Resource"]):
            assert resource != "*"
            # A wildcard stands only behind the prefix of a bucket, and for keys of API Gateway.
            text = json.dumps(resource)
            assert text.count("*") <= sum(prefix in text for prefix in WITH_WILDCARDS)


def test_no_two_functions_share_a_role_and_none_has_a_managed_policy(template: Template) -> None:
    functions = template.of_type("AWS::Lambda::Function").values()
    roles = [json.dumps(function["Role"]) for function in functions]
    assert len(set(roles)) == len(contract.FUNCTIONS)
    for logical_id, role in template.of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role or "CloudWatchRole" in logical_id


def test_logs_are_kept_for_as_long_as_the_setting_says(
    template: Template, production: Template
) -> None:
    for which, days in ((template, 30), (production, 365)):
        groups = which.of_type("AWS::Logs::LogGroup").values()
        # Each function has one, and so have the API and, in production, the rollout hook.
        assert len(groups) >= len(contract.FUNCTIONS) + 1
        assert {group["RetentionInDays"] for group in groups} == {days}


def test_only_the_api_may_call_a_function_and_only_the_clock_the_sweeper(
    template: Template,
) -> None:
    for permission in template.of_type("AWS::Lambda::Permission").values():
        is_sweeper = "Sweeper" in json.dumps(permission["FunctionName"])
        caller = "events" if is_sweeper else "apigateway"
        assert permission["Principal"] == f"{caller}.amazonaws.com"
        assert "SourceArn" in permission


def test_a_stage_reserves_no_concurrency_of_a_new_account(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        for name in contract.FUNCTIONS:
            assert "ReservedConcurrentExecutions" not in which.function(name)


def test_where_slots_are_few_held_polls_leave_two_thirds_of_them() -> None:
    for quota in (10, 50, 100, 199):
        settings = Settings.from_context({"account_concurrency": quota, "max_concurrency": 1000})
        rates = _held_rates(contract.ROUTES, held=settings.held_polls).values()
        assert settings.poll_timeout_seconds == FEW_SLOTS_HOLD_SECONDS + 2
        for rate in rates:
            burst, per_second = rate.throttling_burst_limit, rate.throttling_rate_limit
            assert burst is not None
            assert per_second is not None
            assert burst >= 1
            assert per_second > 0
            assert burst + per_second * FEW_SLOTS_HOLD_SECONDS <= quota // 3
        assert 2 <= settings.optimizer_concurrency <= quota // 3


def test_where_slots_are_few_the_api_refuses_polls_before_they_take_one(
    tmp_path: Path,
) -> None:
    path = synthesize(tmp_path, {"account_concurrency": "10"})
    template = Template(json.loads(path.read_text(encoding="utf-8")))
    stage = template.one("AWS::ApiGateway::Stage")
    limits = {
        entry["ResourcePath"].replace("~1", "/")[1:]: entry["ThrottlingBurstLimit"]
        for entry in stage["MethodSettings"]
        if entry["ResourcePath"].endswith("result")
    }
    assert limits == {
        "/v1/optimize/{process_id}/result": 2,
        "/v1/convert/{process_id}/result": 2,
    }
    told = template.function("result")["Environment"]["Variables"]
    assert told[EnvironmentName.INTEGRATION_TIMEOUT_SECONDS] == "4"


def test_polls_may_be_given_a_share_of_their_own_where_the_quota_allows_it() -> None:
    assert Settings.from_context({"result_concurrency": 900}).result_concurrency == 900
    for context in (
        {"result_concurrency": 901},
        {"result_concurrency": 1, "account_concurrency": 10},
    ):
        with pytest.raises(SettingError, match="set aside"):
            Settings.from_context(context)


def test_memory_is_as_the_settings_say(template: Template, production: Template) -> None:
    sizes = {
        name: (template.function(name)["MemorySize"], production.function(name)["MemorySize"])
        for name in ("account", "submit", "image", "optimizer")
    }
    assert sizes == {
        "account": (512, 256),
        "submit": (1024, 2048),
        "image": (1024, 2048),
        "optimizer": (2048, 4096),
    }


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_calls_are_traced_unless_the_setting_says_no(
    template: Template, production: Template, name: str
) -> None:
    assert template.function(name)["TracingConfig"] == {"Mode": "Active"}
    assert "TracingConfig" not in production.function(name)


def test_the_sweeper_is_started_by_the_clock(template: Template) -> None:
    rule = template.one("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert "Sweeper" in json.dumps(rule["Targets"])


def test_the_api_and_the_queue_of_images_call_the_version_that_serves(
    template: Template,
) -> None:
    for permission in template.of_type("AWS::Lambda::Permission").values():
        if permission["Principal"] == "apigateway.amazonaws.com":
            assert "Live" in json.dumps(permission["FunctionName"])
    mappings = template.of_type("AWS::Lambda::EventSourceMapping").values()
    called = [json.dumps(mapping["FunctionName"]) for mapping in mappings]
    assert any("OptimizerLive" in function for function in called)
