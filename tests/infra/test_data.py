"""Test that data is kept as long as promised, and that no message is lost on its way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leanpix import contract

if TYPE_CHECKING:
    from tests.infra.conftest import Template


def table(template: Template, name: str) -> tuple[str, dict[str, Any]]:
    """Return a table's resource and properties."""
    ((logical_id, properties),) = (
        item for item in template.of_type("AWS::DynamoDB::Table").items() if name in item[0]
    )
    return logical_id, properties


def queue(template: Template, name: str) -> tuple[str, dict[str, Any]]:
    """Return a queue's resource and properties."""
    ((logical_id, properties),) = (
        item for item in template.of_type("AWS::SQS::Queue").items() if name in item[0]
    )
    return logical_id, properties


def mapping_of(template: Template, queue_id: str) -> dict[str, Any]:
    """Return the event source mapping that reads a queue."""
    (mapping,) = (
        mapping
        for mapping in template.of_type("AWS::Lambda::EventSourceMapping").values()
        if mapping["EventSourceArn"]["Fn::GetAtt"][0] == queue_id
    )
    return mapping


def test_tables_have_the_keys_that_the_adapters_use(template: Template) -> None:
    keys = {
        name: [part["AttributeName"] for part in table(template, name)[1]["KeySchema"]]
        for name in ("Jobs", "Keys", "Accounts")
    }
    assert keys == {
        "Jobs": ["job_id", "part"],
        "Keys": ["key_hash"],
        "Accounts": ["account_id", "part"],
    }
    (index,) = table(template, "Keys")[1]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == contract.KEYS_BY_ACCOUNT_INDEX
    assert [part["AttributeName"] for part in index["KeySchema"]] == ["account_id"]


def test_tables_are_billed_by_request(template: Template) -> None:
    for properties in template.of_type("AWS::DynamoDB::Table").values():
        assert properties["BillingMode"] == "PAY_PER_REQUEST"


def test_job_items_expire_and_money_does_not(template: Template) -> None:
    jobs = table(template, "Jobs")[1]
    assert jobs["TimeToLiveSpecification"]["AttributeName"] == contract.TTL_ATTRIBUTE
    for name in ("Keys", "Accounts"):
        properties = table(template, name)[1]
        assert "TimeToLiveSpecification" not in properties
        recovery = properties["PointInTimeRecoverySpecification"]
        assert recovery["PointInTimeRecoveryEnabled"] is True


def test_production_keeps_its_data_when_the_stack_is_deleted(production: Template) -> None:
    # And leaves none behind where the deploy that would make it fails.
    for kind in ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Logs::LogGroup"):
        for logical_id in production.of_type(kind):
            resource = production.body["Resources"][logical_id]
            assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
            assert resource["UpdateReplacePolicy"] == "Retain"


def test_nothing_is_left_behind_by_a_first_deploy_that_fails(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        for logical_id, resource in which.body["Resources"].items():
            assert resource.get("DeletionPolicy") in {None, "Delete", "RetainExceptOnCreate"}, (
                logical_id
            )
        # It could not be deleted again. `leanpix deploy` protects tables that stand.
        assert "DeletionProtectionEnabled" not in json.dumps(which.of_type("AWS::DynamoDB::Table"))


def test_a_browser_may_follow_a_redirect_to_the_bucket_and_upload_to_it(
    template: Template,
) -> None:
    (rule,) = template.one("AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["*"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "POST"}
    assert rule["AllowedHeaders"] == ["*"]


def test_objects_expire_after_their_retention_and_never_before(
    template: Template, production: Template
) -> None:
    for which, retention_days in ((template, contract.RETENTION_DAYS), (production, 30)):
        rules = which.one("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
        days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
        assert set(days) == {contract.UPLOADS_PREFIX, contract.RESULTS_PREFIX}
        assert min(days.values()) > retention_days
        assert {rule["Status"] for rule in rules} == {"Enabled"}


def test_the_parts_of_an_upload_that_never_ended_go_within_a_day(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        rules = which.one("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
        aborts = [rule for rule in rules if "AbortIncompleteMultipartUpload" in rule]
        (rule,) = aborts
        assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
        assert rule["Status"] == "Enabled"
        assert "Prefix" not in rule, "it holds for every object"


def test_the_bucket_is_private_encrypted_and_reached_by_tls_alone(template: Template) -> None:
    bucket = template.one("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketEncryption" in bucket
    statements = template.one("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    # What CloudFront may is test_front_door.py's.
    (statement,) = (each for each in statements if each["Effect"] == "Deny")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_message_stays_hidden_for_longer_than_its_function_runs(
    template: Template, production: Template
) -> None:
    for which in (template, production):
        for name, function in (("Images", "optimizer"), ("DeadLetters", "dead_letters")):
            hidden_seconds = queue(which, name)[1]["VisibilityTimeout"]
            assert hidden_seconds > which.function(function)["Timeout"]


def test_an_image_that_no_try_could_optimize_goes_to_the_dead_letters(template: Template) -> None:
    dead_letters, properties = queue(template, "DeadLetters")
    redrive = queue(template, "Images")[1]["RedrivePolicy"]
    assert redrive["deadLetterTargetArn"]["Fn::GetAtt"][0] == dead_letters
    assert redrive["maxReceiveCount"] == contract.MAX_RECEIVES
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_both_queues_are_read_with_partial_failures_and_a_limit(
    template: Template, production: Template
) -> None:
    for which, most_at_once in ((template, 10), (production, 50)):
        images = mapping_of(which, queue(which, "Images")[0])
        dead_letters = mapping_of(which, queue(which, "DeadLetters")[0])
        assert images["ScalingConfig"] == {"MaximumConcurrency": most_at_once}
        assert "optimizer" in json.dumps(images["FunctionName"]).lower()
        assert "deadletters" in json.dumps(dead_letters["FunctionName"]).lower()
        for mapping in (images, dead_letters):
            assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_queues_are_encrypted(template: Template) -> None:
    for properties in template.of_type("AWS::SQS::Queue").values():
        assert properties["SqsManagedSseEnabled"] is True


def test_what_costs_money_is_tagged_by_stage_and_as_the_operator_wants(
    template: Template, production: Template
) -> None:
    for kind in ("AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::S3::Bucket"):
        for properties in template.of_type(kind).values():
            assert tags_of(properties) == {"application": "leanpix", "stage": "dev"}
        for properties in production.of_type(kind).values():
            assert {"owner": "web", "cost-center": "12"}.items() <= tags_of(properties).items()


def tags_of(properties: dict[str, Any]) -> dict[str, str]:
    return {
        tag["Key"]: tag["Value"]
        for tag in properties["Tags"]
        if not tag["Key"].startswith("aws-cdk:")
    }
