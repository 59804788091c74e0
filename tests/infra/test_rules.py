"""Test that cdk-nag's packs, AWS Solutions and Serverless, find nothing unacknowledged."""

from __future__ import annotations

import pytest

from infra.rules import ACKNOWLEDGED, Finding, find, open_findings

FEWEST_WORDS = 4


@pytest.fixture(scope="module")
def findings() -> list[Finding]:
    return [finding for stage in ("dev", "prod") for finding in find({"stage": stage})]


def test_every_finding_is_acknowledged(findings: list[Finding]) -> None:
    assert findings, "the packs were run"
    assert open_findings(findings) == []


def test_every_acknowledgement_is_about_something(findings: list[Finding]) -> None:
    unused = [
        entry
        for entry in ACKNOWLEDGED
        if not any(finding.is_acknowledged_by(entry) for finding in findings)
    ]
    assert unused == []


def test_every_acknowledgement_has_a_reason() -> None:
    for entry in ACKNOWLEDGED:
        assert len(entry.why.split()) >= FEWEST_WORDS or entry.why.startswith("As ")


def test_a_new_finding_would_be_seen(findings: list[Finding]) -> None:
    more = [
        Finding(rule="AwsSolutions-S1", path="leanpix-dev/Storage/Other/Resource", text=""),
        Finding(
            rule="AwsSolutions-APIG4",
            path="leanpix-dev/Api/RestApi/Default/v1/new/POST/Resource",
            text="",
        ),
    ]
    assert open_findings([*findings, *more]) == more
