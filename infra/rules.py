"""Check the stack against the rules of cdk-nag: AWS Solutions and Serverless.

    python -m infra.rules            both stages; ends with 1 where a rule is broken

A rule that is not followed stands in `ACKNOWLEDGED`, with where and why. Acknowledgements are
kept apart from the stack: they are about it, not part of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from infra.synth import build
from leanpix import contract
from leanpix.contract import Access

REPORT_FILE: Final = "validation-report.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """A rule that is not followed, where, and why."""

    rule: str
    """The id, such as `AwsSolutions-S1`."""
    where: str
    """The construct's path below the stack; a star stands for anything."""
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A construct that breaks a rule."""

    rule: str
    path: str
    text: str

    def is_acknowledged_by(self, acknowledgement: Acknowledgement) -> bool:
        """Return whether this finding was acknowledged."""
        place = self.path.partition("/")[2]
        return self.rule.partition("[")[0] == acknowledgement.rule and fnmatchcase(
            # A bracket in a path is no pattern.
            place.replace("[", "("),
            acknowledgement.where.replace("[", "("),
        )


def _public_methods() -> Iterator[Acknowledgement]:
    for route in contract.ROUTES:
        if route.access is Access.PUBLIC:
            yield Acknowledgement(
                rule="AwsSolutions-APIG4",
                where=f"Api/RestApi/Default{route.path.rstrip('/')}/{route.method}/Resource",
                why="Public by its document: health, the description, and results, whose 128-bit"
                " id is the right to them.",
            )


_DISTRIBUTION: Final = "FrontDoor/Distribution/Resource"

ACKNOWLEDGED: Final[tuple[Acknowledgement, ...]] = (
    *_public_methods(),
    Acknowledgement(
        rule="AwsSolutions-APIG4",
        where="Api/RestApi/Default*/ANY/Resource",
        why="Every method that a route does not have: it answers 405 with `Allow`, and no more.",
    ),
    *(
        Acknowledgement(
            rule="AwsSolutions-APIG4",
            where=f"Api/RestApi/Default/{prefix}/{{proxy+}}/*/Resource",
            why="CloudFront asks here for what S3 has not; a link's 128-bit id is the right.",
        )
        for prefix in ("results", "uploads")
    ),
    Acknowledgement(
        rule="AwsSolutions-CFR1",
        where=_DISTRIBUTION,
        why="The service is for whoever has a key or a link, wherever they are.",
    ),
    Acknowledgement(
        rule="AwsSolutions-CFR2",
        where=_DISTRIBUTION,
        why="A web ACL costs by the month whether used or not; `web_acl_arn` puts one there.",
    ),
    Acknowledgement(
        rule="AwsSolutions-CFR3",
        where=_DISTRIBUTION,
        why="Links are secrets, and CloudFront's log would hold them; the API's log has routes.",
    ),
    Acknowledgement(
        rule="AwsSolutions-CFR4",
        where=_DISTRIBUTION,
        why="CloudFront's own host name has its own policy; a domain's is TLS 1.2 of 2021.",
    ),
    Acknowledgement(
        rule="AwsSolutions-COG4",
        where="Api/RestApi/Default*",
        why="Both APIs that are spoken here know API keys alone; a REQUEST authorizer and the"
        " usage plans check them.",
    ),
    Acknowledgement(
        rule="AwsSolutions-APIG2",
        where="Api/RestApi/Resource",
        why="Bodies are forms and images, which API Gateway's JSON models cannot describe; the"
        " dialects check every field, and tests hold them against the documents.",
    ),
    Acknowledgement(
        rule="AwsSolutions-APIG6",
        where="Api/RestApi/DeploymentStage.*",
        why="Execution logs would write headers, API keys among them; access logs write neither.",
    ),
    Acknowledgement(
        rule="Serverless-APIGWDefaultThrottling",
        where="Api/RestApi/DeploymentStage.*",
        why="Rates are set per key and method by the usage plans, which the documents demand.",
    ),
    Acknowledgement(
        rule="AwsSolutions-APIG3",
        where="Api/RestApi/DeploymentStage.*",
        why="A web ACL costs by the month whether used or not; docs/security.md says when and how"
        " to put one before the API.",
    ),
    Acknowledgement(
        rule="Serverless-APIGWXrayEnabled",
        where="Api/RestApi/DeploymentStage.*",
        why="A trace of the stage would hold called paths, and a path of Tinify's API holds a key;"
        " traces begin in the functions.",
    ),
    Acknowledgement(
        rule="AwsSolutions-S1",
        where="Storage/Bucket/Resource",
        why="Only our functions' roles reach the bucket, and log what they do; who must know of"
        " every read turns on CloudTrail's data events.",
    ),
    Acknowledgement(
        rule="AwsSolutions-DDB3",
        where="Storage/Jobs/Resource",
        why="Jobs live for days. Accounts and keys have point-in-time recovery.",
    ),
    Acknowledgement(
        rule="AwsSolutions-IAM5",
        where="Functions/*/Role/DefaultPolicy/Resource",
        why="The star stands behind the prefix of uploads or results, whose names are random; for"
        " the API keys that accounts make, and the usage plans, whose ids the stack cannot know in"
        " time; and for X-Ray, whose actions know no resource. tests/infra/test_functions.py"
        " allows no other.",
    ),
    Acknowledgement(
        rule="AwsSolutions-IAM4",
        where="Rollouts/*/Group/ServiceRole/Resource",
        why="AWS's own policy for CodeDeploy, limited to Lambda: what it needs is AWS's to know.",
    ),
    Acknowledgement(
        rule="AwsSolutions-IAM4",
        where="Api/RestApi/CloudWatchRole/Resource",
        why="AWS's own policy for the logs of API Gateway, the one that its guide names.",
    ),
    Acknowledgement(
        rule="AwsSolutions-IAM5",
        where="Rollouts/*/DefaultPolicy/Resource",
        why="The star stands for a function's versions, and for the deployment groups of one"
        " application: which version is to be tried is only known when it is deployed.",
    ),
    Acknowledgement(
        rule="AwsSolutions-L1",
        where="Rollouts/Hook/Function/Resource",
        why="The runtime of the functions that it tries.",
    ),
    Acknowledgement(
        rule="Serverless-LambdaLatestVersion",
        where="Rollouts/Hook/Function/Resource",
        why="As AwsSolutions-L1.",
    ),
    Acknowledgement(
        rule="Serverless-LambdaDLQ",
        where="Rollouts/Hook/Function/Resource",
        why="CodeDeploy waits for what it says, and fails the deployment where it says nothing.",
    ),
    Acknowledgement(
        rule="AwsSolutions-L1",
        where="Functions/*/Function/Resource",
        why="Python 3.13 is what every wheel of the engine is built for and tested on.",
    ),
    Acknowledgement(
        rule="Serverless-LambdaLatestVersion",
        where="Functions/*/Function/Resource",
        why="As AwsSolutions-L1.",
    ),
    Acknowledgement(
        rule="Serverless-LambdaDLQ",
        where="Functions/*/Function/Resource",
        why="None is called asynchronously but the sweeper, whose next run does what one left:"
        " API Gateway waits for the others, and SQS's queues have dead-letter queues.",
    ),
    Acknowledgement(
        rule="Serverless-LambdaEventSourceMappingDestination",
        where="Functions/*",
        why="Destinations are for streams; for SQS it is the queue's redrive policy.",
    ),
    Acknowledgement(
        rule="Serverless-SQSRedrivePolicy",
        where="Pipeline/Dead*/Resource",
        why="They are the dead-letter queues.",
    ),
    Acknowledgement(
        rule="Serverless-EventBusDLQ",
        where="Pipeline/Sweep/Resource",
        why="A tick of the clock holds nothing to keep; the next one does the same.",
    ),
)


def find(context: Mapping[str, object]) -> list[Finding]:
    """Return what breaks a rule in a stack with this context, acknowledged or not."""
    with tempfile.TemporaryDirectory() as folder:
        app = build(Path(folder), context)
        from aws_cdk import Validations  # noqa: PLC0415 - starts Node.js
        from cdk_nag import AwsSolutionsChecks, ServerlessChecks  # noqa: PLC0415 - starts Node.js

        Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
        try:
            app.synth()
        except RuntimeError as error:
            if "ValidationFailed" not in str(error):
                raise
        report = Path(folder) / REPORT_FILE
        return list(_read(json.loads(report.read_text("utf-8")))) if report.exists() else []


def _read(report: Mapping[str, Any]) -> Iterator[Finding]:
    for pack in report["pluginReports"]:
        for violation in pack["violations"]:
            for construct in violation["violatingConstructs"]:
                yield Finding(
                    rule=violation["ruleName"],
                    path=construct["constructPath"],
                    text=violation["description"],
                )


def open_findings(findings: list[Finding]) -> list[Finding]:
    """Return the findings that nobody has acknowledged."""
    return [
        finding
        for finding in findings
        if not any(finding.is_acknowledged_by(entry) for entry in ACKNOWLEDGED)
    ]


def main() -> int:
    """Check both stages and say what breaks a rule."""
    broken = [
        (stage, finding)
        for stage in ("dev", "prod")
        for finding in open_findings(find({"stage": stage}))
    ]
    for stage, finding in broken:
        sys.stderr.write(f"{stage}: {finding.path}: {finding.rule}: {finding.text}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
