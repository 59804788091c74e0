"""Test the patches of the local copy of the template."""

from __future__ import annotations

import copy
from typing import Any

from leanpix_local.template import LocalSettings, patch_template

SETTINGS = LocalSettings(base_url="http://127.0.0.1:8080")


def function(**variables: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Environment": {"Variables": dict(variables)}},
    }


def statement(transport: str) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": transport}},
    }


def patched(resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return patch_template({"Resources": resources, "Outputs": outputs or {}}, SETTINGS)


def test_original_template_stays_as_it_is() -> None:
    template = {"Resources": {"A": function(LEANPIX_BASE_URL="https://aws")}, "Outputs": {}}
    before = copy.deepcopy(template)
    patch_template(template, SETTINGS)
    assert template == before


def test_api_gets_an_id_of_ours() -> None:
    api = patched({"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {}}})
    tags = api["Resources"]["Api"]["Properties"]["Tags"]
    assert tags == [{"Key": "ms-custom-id", "Value": "leanpix"}]


def test_rates_of_a_usage_plan_are_spelled_as_the_emulator_reads_them() -> None:
    stage = {"Throttle": {"/v1/optimize/POST": {"RateLimit": 2, "BurstLimit": 120}}}
    plan = {"Type": "AWS::ApiGateway::UsagePlan", "Properties": {"ApiStages": [stage]}}
    stages = patched({"Plan": plan})["Resources"]["Plan"]["Properties"]["ApiStages"]
    assert stages[0]["Throttle"] == {"/v1/optimize/POST": {"rateLimit": 2, "burstLimit": 120}}


def test_policy_that_only_refuses_plain_http_goes_and_nobody_waits_for_it() -> None:
    document = {"Statement": [statement("false")]}
    resources = patched(
        {
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {"PolicyDocument": document},
            },
            "Other": {"Type": "AWS::SQS::Queue", "Properties": {}, "DependsOn": ["Policy", "X"]},
            "One": {"Type": "AWS::SQS::Queue", "Properties": {}, "DependsOn": "Policy"},
        }
    )["Resources"]
    assert "Policy" not in resources
    assert resources["Other"]["DependsOn"] == ["X"]
    assert resources["One"]["DependsOn"] == []


def test_other_statements_of_a_policy_stay() -> None:
    allow = {"Effect": "Allow", "Action": "s3:GetObject"}
    document = {"Statement": [statement("false"), allow, statement("true")]}
    resources = patched(
        {"P": {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": document}}}
    )["Resources"]
    statements = resources["P"]["Properties"]["PolicyDocument"]["Statement"]
    assert statements == [allow, statement("true")]


def test_links_lead_to_the_front_door() -> None:
    local = patched(
        {"F": function(LEANPIX_BASE_URL="https://aws"), "G": function(OTHER="x")},
        {"BaseUrl": {"Value": {"Fn::Sub": "https://${Api}.execute-api.aws"}}},
    )
    variables = local["Resources"]["F"]["Properties"]["Environment"]["Variables"]
    assert variables["LEANPIX_BASE_URL"] == SETTINGS.base_url
    assert local["Resources"]["G"] == function(OTHER="x")
    assert local["Outputs"]["BaseUrl"]["Value"] == SETTINGS.base_url


def test_only_the_functions_that_check_or_call_addresses_of_strangers_may_reach_loopback() -> None:
    functions = {}
    for name in ("optimizer", "callbacks", "submit", "tinyjpg_submit", "dead_letters"):
        functions[name] = function(LEANPIX_BUCKET="b")
        functions[name]["Properties"]["FunctionName"] = f"leanpix-local-{name}"
    resources = patched(functions)["Resources"]
    allowed = {
        name
        for name, resource in resources.items()
        if "LEANPIX_FETCH_ALLOW_LOOPBACK" in resource["Properties"]["Environment"]["Variables"]
    }
    assert allowed == {"optimizer", "callbacks", "submit"}


def test_aliases_name_the_functions_as_they_are() -> None:
    resources = patched(
        {
            "V1": {"Type": "AWS::Lambda::Version", "Properties": {}},
            "Live": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionVersion": {"Fn::GetAtt": ["V1", "Version"]}},
            },
        }
    )["Resources"]
    assert resources == {
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionVersion": "$LATEST"}}
    }
