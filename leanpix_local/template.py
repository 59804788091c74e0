"""Patch the local copy of the template where the emulator differs from AWS.

The template that is deployed to AWS is the one tested here, but for these patches.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from leanpix.contract import EnvironmentName, OutputName

Template = dict[str, Any]
Resource = dict[str, Any]

API_ID: Final = "leanpix"
"""The id of the REST API, chosen by us so that its URL is known before it is deployed."""

_AT_EDGE: Final = ("AWS::CloudFront::", "AWS::Route53::")
_HOSTS_OF_AWS: Final = ("execute-api", "DomainName")
"""The parts of a template's URLs that only AWS serves."""
_CALLING_STRANGERS: Final = ("-submit", "-tinify_shrink", "-optimizer", "-callbacks")
"""Functions that check or call the addresses in requests, by the ends of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """The values that the local cloud knows and the template does not."""

    base_url: str
    """The front door's URL."""


def patch_template(template: Mapping[str, Any], settings: LocalSettings) -> Template:
    """Return a copy of the template for the local cloud."""
    local = copy.deepcopy(dict(template))
    for patch in PATCHES:
        patch(local, settings)
    return local


def pin_api_id(template: Template, _settings: LocalSettings) -> None:
    """Choose the REST API's id: ministack takes it from this tag."""
    for api in _resources(template, "AWS::ApiGateway::RestApi"):
        tags = api["Properties"].setdefault("Tags", [])
        tags.append({"Key": "ms-custom-id", "Value": API_ID})


def lower_throttle_keys(template: Template, _settings: LocalSettings) -> None:
    """Write a usage plan's rates as ministack reads them.

    CloudFormation spells them RateLimit, the API Gateway API rateLimit; ministack hands the
    first to code that looks for the second, and no rate would hold.
    """
    for plan in _resources(template, "AWS::ApiGateway::UsagePlan"):
        for stage in plan["Properties"].get("ApiStages", []):
            for rates in stage.get("Throttle", {}).values():
                for key in list(rates):
                    rates[key[0].lower() + key[1:]] = rates.pop(key)


def allow_plain_http(template: Template, _settings: LocalSettings) -> None:
    """Drop the statements that refuse requests without TLS: there is none on loopback."""
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        document = resource.get("Properties", {}).get("PolicyDocument")
        if not document:
            continue
        kept = [
            statement for statement in document["Statement"] if not _refuses_plain_http(statement)
        ]
        if len(kept) == len(document["Statement"]):
            continue
        document["Statement"] = kept
        if not kept:
            _remove_resource(template, name)


def set_base_url(template: Template, settings: LocalSettings) -> None:
    """Let links lead to the front door, not to API Gateway's host names."""
    for variables in _environments(template):
        if EnvironmentName.BASE_URL in variables:
            variables[EnvironmentName.BASE_URL] = settings.base_url
    for output in template.get("Outputs", {}).values():
        if any(host in str(output["Value"]) for host in _HOSTS_OF_AWS):
            output["Value"] = settings.base_url


def drop_distribution(template: Template, _settings: LocalSettings) -> None:
    """Remove CloudFront, whose part our own front door plays (leanpix_local.distribution).

    The bucket's policy names the distribution that may read it.
    """
    resources = template["Resources"]
    for name in [name for name in resources if resources[name]["Type"].startswith(_AT_EDGE)]:
        _remove_resource(template, name)
    for policy in _resources(template, "AWS::S3::BucketPolicy"):
        document = policy["Properties"]["PolicyDocument"]
        document["Statement"] = [
            statement
            for statement in document["Statement"]
            if statement.get("Principal") != {"Service": "cloudfront.amazonaws.com"}
        ]
    outputs = template.get("Outputs", {})
    for name in (OutputName.DOMAIN_TARGET, OutputName.DISTRIBUTION_ID):
        outputs.pop(name, None)


def allow_loopback_fetches(template: Template, _settings: LocalSettings) -> None:
    """Let the optimizer and the callbacks reach this machine, where demo and tests serve.

    No template that is deployed has this: only the functions that call addresses which strangers
    name get it, and only here.
    """
    for function in _resources(template, "AWS::Lambda::Function"):
        properties = function["Properties"]
        if str(properties.get("FunctionName", "")).endswith(_CALLING_STRANGERS):
            variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
            variables[EnvironmentName.FETCH_ALLOW_LOOPBACK.value] = "1"


def allow_queries_of_indexes(template: Template, _settings: LocalSettings) -> None:
    """Let who may query an index query its table.

    AWS asks for a right to the index alone; ministack checks every query against the table.
    """
    for policy in _resources(template, "AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            resource = statement["Resource"]
            if isinstance(resource, dict) and "/index/" in str(resource):
                (_, parts) = resource["Fn::Join"]
                statement["Resource"] = [resource, parts[0]]


def follow_latest(template: Template, _settings: LocalSettings) -> None:
    """Let aliases name the functions as they are, not a version of them.

    A version is published under a name made from what the template held before these patches:
    after a start on another port, the alias would still name one with the old URL in it.
    """
    for alias in _resources(template, "AWS::Lambda::Alias"):
        alias["Properties"]["FunctionVersion"] = "$LATEST"
    resources = template["Resources"]
    for name in [name for name in resources if resources[name]["Type"] == "AWS::Lambda::Version"]:
        _remove_resource(template, name)


def drop_alarms(template: Template, _settings: LocalSettings) -> None:
    """Remove alarms and dashboards: ministack refuses alarms on a formula of metrics."""
    resources = template["Resources"]
    for name in [
        name for name in resources if resources[name]["Type"].startswith("AWS::CloudWatch::")
    ]:
        _remove_resource(template, name)


PATCHES: Final[tuple[Callable[[Template, LocalSettings], None], ...]] = (
    pin_api_id,
    lower_throttle_keys,
    set_base_url,
    drop_distribution,
    allow_plain_http,
    allow_loopback_fetches,
    allow_queries_of_indexes,
    follow_latest,
    drop_alarms,
)


def _resources(template: Template, kind: str) -> Iterator[Resource]:
    for resource in template["Resources"].values():
        if resource["Type"] == kind:
            yield resource


def _environments(template: Template) -> Iterator[dict[str, Any]]:
    for function in _resources(template, "AWS::Lambda::Function"):
        yield function["Properties"].get("Environment", {}).get("Variables", {})


def _refuses_plain_http(statement: Mapping[str, Any]) -> bool:
    condition = statement.get("Condition", {}).get("Bool", {})
    return statement.get("Effect") == "Deny" and condition.get("aws:SecureTransport") == "false"


def _remove_resource(template: Template, name: str) -> None:
    """Take a resource out, and the order that others kept to it."""
    del template["Resources"][name]
    for resource in template["Resources"].values():
        depends_on = resource.get("DependsOn", [])
        if isinstance(depends_on, str):
            depends_on = [depends_on]
        if name in depends_on:
            depends_on = [other for other in depends_on if other != name]
            resource["DependsOn"] = depends_on
