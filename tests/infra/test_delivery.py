"""Test that GitHub deploys without a key and may do no more than that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from infra.delivery import STAGES, build
from infra.settings import SettingError
from tests.infra.conftest import ROOT, Template

if TYPE_CHECKING:
    from pathlib import Path

WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="session")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Return the stack with the roles."""
    outdir: Path = tmp_path_factory.mktemp("delivery")
    assembly = build({"repository": "acme/leanpix"}, str(outdir)).synth()
    return Template(json.loads((outdir / assembly.stacks[0].template_file).read_text()))


def test_a_role_is_lent_to_this_repository_alone_and_to_no_other_branch(
    delivery: Template,
) -> None:
    subjects = []
    for role in delivery.of_type("AWS::IAM::Role").values():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        equal = statement["Condition"]["StringEquals"]
        assert equal["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
        subjects.append(equal["token.actions.githubusercontent.com:sub"])
    assert sorted(subjects) == [
        ["repo:acme/leanpix:environment:dev", "repo:acme/leanpix:environment:prod"],
        ["repo:acme/leanpix:pull_request"],
    ]


def test_who_deploys_may_only_take_the_roles_of_the_bootstrap_and_read_the_quota(
    delivery: Template,
) -> None:
    actions = {
        json.dumps(statement["Action"])
        for policy in delivery.of_type("AWS::IAM::Policy").values()
        for statement in policy["PolicyDocument"]["Statement"]
    }
    assert actions == {
        '"sts:AssumeRole"',
        '"lambda:GetAccountSettings"',
        '["cloudformation:DescribeStacks", "cloudformation:GetTemplate"]',
    }


def test_a_repository_that_names_itself_by_its_ids_is_known_by_both_of_its_names(
    tmp_path: Path,
) -> None:
    context = {"repository": "acme/leanpix", "owner_id": "11", "repository_id": "22"}
    template = Template(build(context, str(tmp_path)).synth().stacks[0].template)
    subjects = [
        subject
        for role in template.of_type("AWS::IAM::Role").values()
        for statement in role["AssumeRolePolicyDocument"]["Statement"]
        for subject in statement["Condition"]["StringEquals"][
            "token.actions.githubusercontent.com:sub"
        ]
    ]
    assert sorted(subjects) == [
        f"repo:{name}:{subject}"
        for name in ("acme/leanpix", "acme@11/leanpix@22")
        for subject in ("environment:dev", "environment:prod", "pull_request")
    ]
    assert "*" not in "".join(subjects)


@pytest.mark.parametrize("given", [{"owner_id": "11"}, {"owner_id": "x", "repository_id": "1"}])
def test_ids_of_github_that_cannot_be_right_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="owner_id"):
        build({"repository": "acme/leanpix", **given})


def test_a_provider_that_the_account_has_is_used(tmp_path: Path) -> None:
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    context = {"repository": "acme/leanpix", "provider_arn": arn}
    template = build(context, str(tmp_path)).synth().stacks[0].template
    assert arn in json.dumps(template)
    assert "AWS::IAM::OIDCProvider" not in json.dumps(template)


@pytest.mark.parametrize("repository", ["", "leanpix", "a/b/c", "a/*"])
def test_a_wrong_repository_is_refused(repository: str) -> None:
    with pytest.raises(SettingError, match="repository"):
        build({"repository": repository})


def test_no_workflow_reads_a_key_of_aws() -> None:
    for path in WORKFLOWS.glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert "AWS_SECRET" not in text
        assert "aws-secret" not in text
        assert "access-key" not in text


def test_a_tag_goes_to_dev_is_tried_and_then_goes_to_prod() -> None:
    jobs = yaml.safe_load((WORKFLOWS / "deploy.yml").read_text(encoding="utf-8"))["jobs"]
    assert [(name, job.get("needs")) for name, job in jobs.items()] == [
        ("test", None),
        *zip(STAGES, ("test", "dev"), strict=True),
    ]
    stage = yaml.safe_load((WORKFLOWS / "stage.yml").read_text(encoding="utf-8"))
    steps = [step.get("name", "") for step in stage["jobs"]["deploy"]["steps"]]
    assert steps.index("Deploy") < steps.index("Try it")


def test_a_workflow_may_do_no_more_than_it_says_and_never_write_code() -> None:
    for path in WORKFLOWS.glob("*.yml"):
        permissions = yaml.safe_load(path.read_text(encoding="utf-8"))["permissions"]
        assert permissions["contents"] == "read"


def test_text_from_a_pull_request_is_never_part_of_a_script() -> None:
    """GitHub, "Security hardening for GitHub Actions": script injections."""
    for path in WORKFLOWS.glob("*.yml"):
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for step in job.get("steps", ()):
                assert "${{" not in step.get("run", "")
