"""Test that the rollout hook lets a version pass that works, and no other."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from infra.functions import SERVING
from leanpix_local.paths import ROOT

if TYPE_CHECKING:
    from types import ModuleType

    from leanpix_local.cloud import LocalCloud

VERSION = "$LATEST"


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """Return the hook's one module, which belongs to no package."""
    path = ROOT / "infra" / "rollout_hook" / "handler.py"
    spec = importlib.util.spec_from_file_location("rollout_hook", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", SERVING)
def test_a_function_that_works_passes_its_probe(
    hook: ModuleType, cloud: LocalCloud, name: str
) -> None:
    hook.probe(cloud.client("lambda"), f"leanpix-local-{name}", VERSION)


def test_a_probe_leaves_no_trace_in_the_record(hook: ModuleType, cloud: LocalCloud) -> None:
    def count() -> int:
        tables = [name for key, name in cloud.outputs.items() if key.endswith("Table")]
        scan = cloud.client("dynamodb").scan
        return sum(scan(TableName=name, Select="COUNT")["Count"] for name in tables)

    before = count()
    for name in SERVING:
        hook.probe(cloud.client("lambda"), f"leanpix-local-{name}", VERSION)
    assert count() == before


@pytest.mark.parametrize("name", ["submit", "optimizer"])
def test_a_function_that_does_not_start_fails_its_probe(
    hook: ModuleType, cloud: LocalCloud, name: str
) -> None:
    client = cloud.client("lambda")
    function = f"leanpix-local-{name}"
    handler = client.get_function_configuration(FunctionName=function)["Handler"]
    client.update_function_configuration(FunctionName=function, Handler="handler.gone")
    try:
        with pytest.raises(hook.ProbeError):
            hook.probe(client, function, VERSION)
    finally:
        client.update_function_configuration(FunctionName=function, Handler=handler)


class Lambda:
    """A client of Lambda whose every function answers the same."""

    def __init__(self, answer: dict[str, Any], error: str | None = None) -> None:
        self._answer = answer
        self._error = error

    def invoke(self, **_: Any) -> dict[str, Any]:
        error = {"FunctionError": self._error} if self._error else {}
        return {"Payload": Body(json.dumps(self._answer).encode()), **error}


class Body:
    """A payload to be read."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("health", {"statusCode": 500}),
        ("submit", {"statusCode": 202}),
        ("image", {}),
        ("authorizer", {"principalId": "acc_1", "context": {"accountId": "acc_1"}}),
        ("optimizer", {"probe": {"original_bytes": 9, "optimized_bytes": 0}}),
        ("optimizer", {"probe": {"original_bytes": 9, "optimized_bytes": 9}}),
    ],
)
def test_a_wrong_answer_fails(hook: ModuleType, name: str, answer: dict[str, Any]) -> None:
    with pytest.raises(hook.ProbeError):
        hook.probe(Lambda(answer), f"leanpix-prod-{name}", "7")


@pytest.mark.parametrize(
    ("answer", "error", "status"),
    [
        ({"statusCode": 200}, None, "Succeeded"),
        ({"statusCode": 503}, None, "Failed"),
        ({"errorMessage": "no module"}, "Unhandled", "Failed"),
    ],
)
def test_codedeploy_is_told_how_the_version_of_the_deployment_did(
    hook: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    answer: dict[str, Any],
    error: str | None,
    status: str,
) -> None:
    codedeploy = boto3.client("codedeploy", region_name="eu-central-1")
    content = {
        "version": 0.0,
        "Resources": [
            {
                "leanpix-prod-health": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Name": "leanpix-prod-health",
                        "Alias": "live",
                        "CurrentVersion": "6",
                        "TargetVersion": "7",
                    },
                }
            }
        ],
    }
    revision = {"revisionType": "String", "string": {"content": json.dumps(content)}}
    with Stubber(codedeploy) as stub:
        stub.add_response(
            "get_deployment", {"deploymentInfo": {"revision": revision}}, {"deploymentId": "d-1"}
        )
        stub.add_response(
            "put_lifecycle_event_hook_execution_status",
            {},
            {
                "deploymentId": "d-1",
                "lifecycleEventHookExecutionId": ANY,
                "status": status,
            },
        )
        clients = {"codedeploy": codedeploy, "lambda": Lambda(answer, error)}
        monkeypatch.setattr(hook.boto3, "client", lambda name: clients[name])
        event = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}
        assert hook.handler(event, None)["status"] == status
        stub.assert_no_pending_responses()
