"""The template, synthesized once for all tests of the infrastructure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.synth import synthesize

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Template:
    """A synthesized template with the look-ups that tests need."""

    body: Mapping[str, Any]

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        return {
            logical_id: resource.get("Properties", {})
            for logical_id, resource in self.body["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str) -> dict[str, Any]:
        """Return the properties of the only resource of a type."""
        (properties,) = self.of_type(kind).values()
        return properties

    def function(self, name: str) -> dict[str, Any]:
        """Return the properties of one of our functions."""
        (properties,) = (
            properties
            for properties in self.of_type("AWS::Lambda::Function").values()
            if properties["FunctionName"].endswith(f"-{name}")
        )
        return properties

    def statements(self, name: str) -> list[dict[str, Any]]:
        """Return what the role of a function may do, whatever it is attached to."""
        role = self.function(name)["Role"]["Fn::GetAtt"][0]
        return [
            statement
            for policy in self.of_type("AWS::IAM::Policy").values()
            if {"Ref": role} in policy["Roles"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Return what `cdk deploy` would deploy for the stage dev."""
    path = synthesize(tmp_path_factory.mktemp("assembly"), {})
    return Template(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Return the same for production, with every setting away from its default."""
    path = synthesize(
        tmp_path_factory.mktemp("assembly"),
        {
            "stage": "prod",
            "site_url": "https://images.example.org",
            "domain_name": "api.example.org",
            "certificate_arn": (
                "arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-0"
            ),
            "hosted_zone_id": "Z0123456789ABCDEFGHIJ",
            "web_acl_arn": (
                "arn:aws:wafv2:us-east-1:123456789012:global/webacl/strict/12345678-0"
            ),
            "public_requests_per_second": "50",
            "integration_timeout_seconds": "125",
            "light_memory_megabytes": "256",
            "result_memory_megabytes": "384",
            "submit_memory_megabytes": "2048",
            "optimizer_memory_megabytes": "4096",
            "optimizer_timeout_seconds": "300",
            "max_concurrency": "50",
            "result_concurrency": "0",
            "tracing": "false",
            "alarm_email": "on-call@example.org",
            "alarm_queue_age_seconds": "120",
            "alarm_dollars_per_hour": "7",
            "monthly_budget_dollars": "300",
            "tags": "owner=web,cost-center=12",
            "retention_days": "30",
            "log_retention_days": "365",
        },
    )
    return Template(json.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def doorless(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Return a stage without a front door, under a domain of its own."""
    path = synthesize(
        tmp_path_factory.mktemp("assembly"),
        {
            "stage": "bare",
            "front_door": "false",
            "domain_name": "api.example.org",
            "certificate_arn": (
                "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-0"
            ),
        },
    )
    return Template(json.loads(path.read_text(encoding="utf-8")))
