"""Test on a local cloud that a stage is destroyed whole, and deployed again after a failure."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from leanpix.contract import OutputName
from leanpix_cli import target
from leanpix_cli.commands import app
from leanpix_cli.local_setup import create_local_account, find_photo
from leanpix_local import deploy, synth
from leanpix_local.aws import Clients
from leanpix_local.cloud import STACK_NAME, LocalCloud
from leanpix_local.errors import DeploymentError
from leanpix_local.http import post
from leanpix_local.template import LocalSettings, patch_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


def remaining(cloud: LocalCloud) -> dict[str, list[str]]:
    """Return what is there of a stage, by its kind; the CDK's own bucket is none of it."""
    buckets = cloud.client("s3").list_buckets()["Buckets"]
    found = {
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "buckets": [each["Name"] for each in buckets if "cdk-" not in each["Name"]],
        "queues": cloud.client("sqs").list_queues().get("QueueUrls", []),
        "functions": [
            each["FunctionName"] for each in cloud.client("lambda").list_functions()["Functions"]
        ],
        "keys": [each["id"] for each in cloud.client("apigateway").get_api_keys()["items"]],
        "apis": [each["id"] for each in cloud.client("apigateway").get_rest_apis()["items"]],
        "sources": [
            each["UUID"]
            for each in cloud.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        ],
    }
    return {kind: names for kind, names in found.items() if names}


def read_template(cloud: LocalCloud) -> dict[str, Any]:
    path = synth.assembly() / f"{STACK_NAME}.template.json"
    template = json.loads(path.read_text("utf-8"))
    return patch_template(template, LocalSettings(base_url=cloud.url))


def test_a_destroyed_stage_leaves_nothing_behind(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = {"endpoint_url": cloud.endpoint_url, "region": cloud.region, "stack_name": STACK_NAME}
    (tmp_path / "cloud.json").write_text(json.dumps(facts), encoding="utf-8")
    monkeypatch.setattr(target, "CLOUD_FILE", tmp_path / "cloud.json")
    account = create_local_account(cloud)
    photo = find_photo("rocket.jpg").read_bytes()
    accepted = post(
        f"{cloud.url}/v1/optimize",
        fields={"type": "file", "file": ("photo.jpg", photo)},
        headers={"X-API-KEY": account.api_key},
    )
    assert accepted.status == 202
    bucket = cloud.outputs[OutputName.BUCKET]
    assert cloud.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] >= 1

    destroyed = CliRunner().invoke(app, ["stage", "destroy", "--yes", "--local", "--json"])
    assert destroyed.exit_code == 0, destroyed.output
    answer = json.loads(destroyed.output)
    assert answer["deleted_keys"] == 1
    assert answer["deleted_objects"] >= 1
    assert remaining(cloud) == {}


@pytest.mark.parametrize("kept", [False, True])
def test_a_deploy_that_fails_in_the_middle_is_deployed_again_and_leaves_nothing_twice(
    cloud: LocalCloud, *, kept: bool
) -> None:
    clients = Clients(cloud.endpoint_url)
    assembly = synth.assembly()
    good = read_template(cloud)
    if kept:
        # As a stage that keeps its data has it.
        for resource in good["Resources"].values():
            if resource["Type"] in {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}:
                resource["DeletionPolicy"] = "RetainExceptOnCreate"
    bad = copy.deepcopy(good)
    # Waits for a signal that nobody sends, once everything else is there.
    bad["Resources"]["Handle"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    bad["Resources"]["Broken"] = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1"},
        "DependsOn": list(good["Resources"]),
    }
    cloudformation = clients.cloudformation
    cloudformation.delete_stack(StackName=STACK_NAME)
    assert remaining(cloud) == {}

    with pytest.raises(DeploymentError):
        deploy.deploy(clients, assembly=assembly, stack_name=STACK_NAME, template=bad)
    status = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]
    assert status in {"ROLLBACK_COMPLETE", "CREATE_FAILED"}
    assert remaining(cloud) == {}

    # What `leanpix doctor` says to do with a stack in that state.
    cloudformation.delete_stack(StackName=STACK_NAME)
    deploy.deploy(clients, assembly=assembly, stack_name=STACK_NAME, template=good)
    there = remaining(cloud)
    assert (len(there["tables"]), len(there["buckets"]), len(there["queues"])) == (3, 1, 4)
