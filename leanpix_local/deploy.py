"""Deploy the template into the emulated AWS, as `cdk deploy` does, but in seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from leanpix_local.assets import Asset, read_assets, upload
from leanpix_local.errors import DeploymentError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

    from leanpix_local.aws import Clients

BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
BOOTSTRAP_VERSION: Final = "30"
DEPLOY_SECONDS: Final = 60.0

_GOOD: Final = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
_POLL_SECONDS: Final = 0.05


def deploy(
    clients: Clients, *, assembly: Path, stack_name: str, template: Mapping[str, Any]
) -> dict[str, str]:
    """Create or update the stack and return its outputs."""
    assets = list(read_assets(assembly, stack_name))
    _bootstrap(clients, assets)
    url = _put_template(clients, assets[0].bucket, stack_name, template)
    cloudformation = clients.cloudformation
    try:
        _start(cloudformation, stack_name, url)
        return _outputs(_wait(cloudformation, stack_name))
    except ClientError as error:
        message = f"The stack {stack_name} cannot be deployed: {shorten(str(error), 300)}"
        raise DeploymentError(message) from error


def deployed_outputs(clients: Clients, stack_name: str) -> dict[str, str] | None:
    """Return the outputs of a stack that is deployed and whole, or None."""
    try:
        stack = _describe(clients.cloudformation, stack_name)
    except ClientError:
        return None
    return _outputs(stack) if stack["StackStatus"] in _GOOD else None


def _bootstrap(clients: Clients, assets: list[Asset]) -> None:
    """Make what every CDK template expects of its account: a parameter, a bucket, the bundles."""
    clients.ssm.put_parameter(
        Name=BOOTSTRAP_PARAMETER, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
    )
    s3 = clients.s3
    for bucket in {asset.bucket for asset in assets}:
        s3.create_bucket(Bucket=bucket)
    for asset in assets:
        upload(s3, asset)


def _put_template(
    clients: Clients, bucket: str, stack_name: str, template: Mapping[str, Any]
) -> str:
    """Put the template where CloudFormation reads it: in a call it may have 51,200 bytes only."""
    key = f"{stack_name}.template.json"
    s3 = clients.s3
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(template).encode())
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def _start(cloudformation: CloudFormationClient, stack_name: str, url: str) -> None:
    capabilities: list[Any] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    try:
        cloudformation.create_stack(
            StackName=stack_name, TemplateURL=url, Capabilities=capabilities
        )
    except cloudformation.exceptions.AlreadyExistsException:
        try:
            cloudformation.update_stack(
                StackName=stack_name, TemplateURL=url, Capabilities=capabilities
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise


def _wait(cloudformation: CloudFormationClient, stack_name: str) -> StackTypeDef:
    deadline = time.monotonic() + DEPLOY_SECONDS
    while True:
        stack = _describe(cloudformation, stack_name)
        status = stack["StackStatus"]
        if status in _GOOD:
            return stack
        if not status.endswith("_IN_PROGRESS") or time.monotonic() > deadline:
            message = (
                f"The stack {stack_name} ended as {status}:"
                f" {_first_failure(cloudformation, stack_name)}"
            )
            raise DeploymentError(message)
        time.sleep(_POLL_SECONDS)


def _describe(cloudformation: CloudFormationClient, stack_name: str) -> StackTypeDef:
    return cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]


def _first_failure(cloudformation: CloudFormationClient, stack_name: str) -> str:
    events = cloudformation.describe_stack_events(StackName=stack_name)["StackEvents"]
    for event in reversed(events):
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            return f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason')}"
    return "no resource says why"


def _outputs(stack: StackTypeDef) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
