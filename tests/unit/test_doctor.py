"""Test what `leanpix doctor` says of accounts and stages that the local cloud cannot be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from leanpix.contract import OutputName
from leanpix_cli import checks, stage_checks
from leanpix_cli.checks import Finding, Level, run_checks
from leanpix_cli.doctor import blocks
from leanpix_cli.target import Account

STACK = {"StackName": "leanpix-prod", "CreationTime": datetime(2026, 11, 1, tzinfo=UTC)}
OUTPUTS = [
    {"OutputKey": OutputName.ACCOUNTS_TABLE.value, "OutputValue": "accounts"},
    {"OutputKey": OutputName.KEYS_TABLE.value, "OutputValue": "keys"},
]


class Aws:
    """An AWS account that answers as the test sets."""

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}
        self.account = Account(self.client, "eu-central-1", "leanpix-prod")

    def client(self, service: str, _region: str = "") -> Any:
        if service not in self._clients:
            make: Any = boto3.client
            self._clients[service] = make(
                service,
                region_name="eu-central-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )
            self._stubs[service] = Stubber(self._clients[service])
            self._stubs[service].activate()
        return self._clients[service]

    def answers(self, service: str, operation: str, answer: dict[str, Any]) -> None:
        self.client(service)
        self._stubs[service].add_response(operation, answer)

    def refuses(self, service: str, operation: str, code: str, text: str = "") -> None:
        self.client(service)
        self._stubs[service].add_client_error(operation, code, text)

    def has_stack(self, status: str, **more: Any) -> None:
        stack = {**STACK, "StackStatus": status, "Outputs": OUTPUTS, **more}
        self.answers("cloudformation", "describe_stacks", {"Stacks": [stack]})


@pytest.fixture
def aws() -> Aws:
    return Aws()


def found(check: str, aws: Aws, **settings: str) -> list[Finding]:
    every = {**checks.BEFORE, **stage_checks.AFTER}
    return run_checks({check: every[check]}, aws.account, settings)


def test_nobody_is_asking(aws: Aws) -> None:
    aws.refuses("sts", "get_caller_identity", "ExpiredToken", "expired")
    (finding,) = found("credentials", aws)
    assert finding.level is Level.BLOCKS
    assert "sso login" in finding.remedy


def test_no_region_is_set(aws: Aws) -> None:
    account = Account(aws.client, None, "leanpix-prod")
    (finding,) = checks.check_region(account, {})
    assert finding.level is Level.BLOCKS


def test_a_region_that_is_not_bootstrapped_blocks(aws: Aws) -> None:
    aws.refuses("ssm", "get_parameter", "ParameterNotFound")
    (finding,) = found("bootstrap", aws)
    assert (finding.level, finding.remedy) == (
        Level.BLOCKS,
        "npx aws-cdk@2.1148.1 bootstrap",
    )


def test_a_bootstrap_that_is_too_old_blocks(aws: Aws) -> None:
    aws.answers("ssm", "get_parameter", {"Parameter": {"Value": "5"}})
    assert blocks(found("bootstrap", aws))


def limit(aws: Aws, concurrency: int) -> None:
    answer = {"AccountLimit": {"ConcurrentExecutions": concurrency}}
    aws.answers("lambda", "get_account_settings", answer)


def test_a_new_accounts_ten_calls_are_a_warning_with_the_way_to_more(aws: Aws) -> None:
    limit(aws, 10)
    (finding,) = found("quotas", aws)
    assert finding.level is Level.WARNING
    assert "L-B99A9384" in finding.remedy


def test_a_reservation_that_lambda_would_refuse_blocks(aws: Aws) -> None:
    limit(aws, 1_000)
    assert blocks(found("quotas", aws, result_concurrency="901"))
    limit(aws, 1_000)
    assert not blocks(found("quotas", aws, result_concurrency="900"))


@pytest.mark.parametrize(("milliseconds", "is_blocked"), [(29_000.0, True), (130_000.0, False)])
def test_a_longer_time_out_needs_its_quota(
    aws: Aws, *, milliseconds: float, is_blocked: bool
) -> None:
    limit(aws, 1_000)
    quota = {"QuotaName": "Maximum integration timeout in milliseconds", "Value": milliseconds}
    aws.answers("service-quotas", "list_service_quotas", {"Quotas": [quota]})
    assert blocks(found("quotas", aws, integration_timeout_seconds="125")) is is_blocked


def test_a_stack_that_is_not_there_blocks_nothing(aws: Aws) -> None:
    text = "Stack with id leanpix-prod does not exist"
    aws.refuses("cloudformation", "describe_stacks", "ValidationError", text)
    assert not blocks(found("stack", aws))


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("DELETE_FAILED", "leanpix stage destroy"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "wait"),
        ("REVIEW_IN_PROGRESS", "delete-stack"),
    ],
)
def test_a_stack_that_cannot_be_deployed_to_blocks_with_its_remedy(
    aws: Aws, status: str, remedy: str
) -> None:
    aws.has_stack(status)
    (finding,) = found("stack", aws)
    assert finding.level is Level.BLOCKS
    assert remedy in finding.remedy


def test_a_failed_first_deploy_that_is_protected_is_unprotected_first(aws: Aws) -> None:
    aws.has_stack("ROLLBACK_COMPLETE", EnableTerminationProtection=True)
    (finding,) = found("stack", aws)
    assert finding.remedy.index("update-termination-protection") < finding.remedy.index(
        "delete-stack"
    )


ARN = "arn:aws:acm:us-east-1:123456789012:certificate/1"


@pytest.mark.parametrize(
    ("names", "status", "is_blocked"),
    [
        (["api.example.org"], "ISSUED", False),
        (["*.example.org"], "ISSUED", False),
        (["*.example.org"], "PENDING_VALIDATION", True),
        (["example.org"], "ISSUED", True),
        (["*.org"], "ISSUED", True),
    ],
)
def test_a_certificate_has_to_be_issued_for_the_domain(
    aws: Aws, *, names: list[str], status: str, is_blocked: bool
) -> None:
    certificate = {"DomainName": names[0], "SubjectAlternativeNames": names, "Status": status}
    aws.answers("acm", "describe_certificate", {"Certificate": certificate})
    settings = {"domain_name": "api.example.org", "certificate_arn": ARN}
    assert blocks(found("certificate", aws, **settings)) is is_blocked


def test_a_certificate_where_cloudfront_does_not_look_blocks(aws: Aws) -> None:
    arn = ARN.replace("us-east-1", "eu-central-1")
    assert blocks(found("certificate", aws, domain_name="a.example.org", certificate_arn=arn))


def test_without_a_front_door_the_certificate_is_in_the_stacks_region(aws: Aws) -> None:
    settings = {"domain_name": "a.example.org", "certificate_arn": ARN, "front_door": "false"}
    assert blocks(found("certificate", aws, **settings))


def test_an_alarm_of_a_canary_leads_to_the_emergency_exit(aws: Aws) -> None:
    alarms = [{"AlarmName": f"leanpix-prod-{name}"} for name in ("dead-letters", "rollout-submit")]
    aws.answers("cloudwatch", "describe_alarms", {"MetricAlarms": alarms})
    assert [finding.remedy for finding in found("alarms", aws)] == [
        "docs/operations.md#dead-letters",
        "docs/operations.md#roll-back",
    ]


def test_an_optimizer_that_was_paused_by_its_concurrency_blocks(aws: Aws) -> None:
    aws.answers("lambda", "get_function_concurrency", {"ReservedConcurrentExecutions": 0})
    mapping = {"UUID": "0" * 36, "State": "Enabled"}
    for _ in range(2):
        answer = {"EventSourceMappings": [mapping]}
        aws.answers("lambda", "list_event_source_mappings", answer)
    worst = found("optimizer", aws)[0]
    assert worst.level is Level.BLOCKS
    assert "delete-function-concurrency" in worst.remedy


def test_an_alias_that_was_set_by_hand_is_to_be_pointed_back(aws: Aws) -> None:
    summary = {
        "LogicalResourceId": "V",
        "LastUpdatedTimestamp": datetime(2026, 11, 1, tzinfo=UTC),
        "ResourceStatus": "CREATE_COMPLETE",
        "ResourceType": "AWS::Lambda::Version",
        "PhysicalResourceId": "arn:aws:lambda:eu-central-1:1:function:leanpix-prod-submit:42",
    }
    answer = {"StackResourceSummaries": [summary]}
    aws.answers("cloudformation", "list_stack_resources", answer)
    aws.answers("lambda", "get_alias", {"FunctionVersion": "41"})
    (finding,) = found("aliases", aws)
    assert finding.level is Level.WARNING
    assert finding.remedy.endswith("--name live --function-version 42")


def test_a_stage_that_keeps_its_data_is_to_be_protected(aws: Aws) -> None:
    aws.has_stack("UPDATE_COMPLETE", EnableTerminationProtection=False)
    aws.has_stack("UPDATE_COMPLETE")
    for is_protected in (True, False):
        table = {"DeletionProtectionEnabled": is_protected}
        aws.answers("dynamodb", "describe_table", {"Table": table})
    stack, table_found = found("protection", aws)
    assert "update-termination-protection" in stack.remedy
    assert table_found.remedy.startswith("aws dynamodb update-table --table-name keys ")


def test_a_check_that_may_not_look_says_so_and_blocks_nothing(aws: Aws) -> None:
    aws.refuses("cloudwatch", "describe_alarms", "AccessDenied", "not for you")
    (finding,) = found("alarms", aws)
    assert finding.level is Level.WARNING
    assert "not for you" in finding.text
