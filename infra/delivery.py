"""Build the roles by which GitHub Actions deploys: a small stack, deployed once by hand.

npx aws-cdk@2.1148.1 deploy --app ".venv/bin/python -m infra.delivery" -c repository=owner/name

GitHub proves by OpenID Connect which repository and which environment a workflow runs for; AWS
lends it a role for an hour. No key is kept. See "Configuring OpenID Connect in Amazon Web
Services" in the GitHub documentation. Repositories that were created, renamed or transferred since
2026-07-15 name themselves with their ids too (GitHub changelog, 2026-04-23): `-c owner_id=… -c
repository_id=…` lets both forms in, and never another owner of the same name.

The deploying role may use the roles that `cdk bootstrap` made and read the Lambda quota, nothing
else; the comparing one may read the stacks' templates, nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from infra.settings import SettingError
from infra.synth import prepare_environment

if TYPE_CHECKING:
    from aws_cdk import App, Stack
    from aws_cdk import aws_iam as iam

STACK_NAME: Final = "leanpix-delivery"
STAGES: Final = ("dev", "prod")
_ISSUER: Final = "token.actions.githubusercontent.com"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_ID: Final = re.compile(r"[0-9]{0,20}")
_PROVIDER: Final = re.compile(r"(arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+)?")


def build(context: Mapping[str, object], outdir: str | None = None) -> App:
    """Return the app with the stack; `provider_arn` names an account's existing provider.

    Raises:
        SettingError: a setting of the context is missing or malformed.
    """
    repository = _read(context, "repository", _REPOSITORY, "owner/name on GitHub")
    provider_arn = _read(context, "provider_arn", _PROVIDER, "the ARN of an OIDC provider")
    owner_id = _read(context, "owner_id", _ID, "a number, as GitHub's API gives it")
    repository_id = _read(context, "repository_id", _ID, "a number, as GitHub's API gives it")
    if bool(owner_id) != bool(repository_id):
        message = "setting owner_id and setting repository_id: the one needs the other"
        raise SettingError(message)
    names = [repository]
    if owner_id:
        owner, _, name = repository.partition("/")
        names.append(f"{owner}@{owner_id}/{name}@{repository_id}")
    prepare_environment()
    from aws_cdk import App, Stack, Tags  # noqa: PLC0415 - importing the CDK starts Node.js
    from aws_cdk import aws_iam as iam  # noqa: PLC0415 - the same

    app = App(outdir=outdir, analytics_reporting=False, tree_metadata=False)
    stack = Stack(app, STACK_NAME, description="Lets GitHub Actions deploy Leanpix")
    if not provider_arn:
        provider_arn = iam.CfnOIDCProvider(
            stack, "GitHub", url=f"https://{_ISSUER}", client_id_list=["sts.amazonaws.com"]
        ).attr_arn
    _add_deploy_role(stack, provider_arn, names)
    _add_diff_role(stack, provider_arn, names)
    Tags.of(stack).add("application", "leanpix")
    return app


def _read(context: Mapping[str, object], name: str, pattern: re.Pattern[str], allowed: str) -> str:
    value = str(context.get(name, ""))
    if not pattern.fullmatch(value):
        message = f"setting {name}={value!r}: must be {allowed}"
        raise SettingError(message)
    return value


def _add_deploy_role(stack: Stack, provider_arn: str, names: list[str]) -> None:
    """Add the role that may use what `cdk bootstrap` made, and read the Lambda quota."""
    from aws_cdk import Aws  # noqa: PLC0415 - importing the CDK starts Node.js
    from aws_cdk import aws_iam as iam  # noqa: PLC0415 - the same

    subjects = [f"repo:{name}:environment:{stage}" for name in names for stage in STAGES]
    roles = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-hnb659fds-"
    role = _add_role(
        stack,
        "DeployRole",
        description="Deploys Leanpix from GitHub Actions",
        principal=(provider_arn, subjects),
        actions=["sts:AssumeRole"],
        resources=[
            f"{roles}{kind}-role-{Aws.ACCOUNT_ID}-{Aws.REGION}"
            for kind in ("deploy", "file-publishing", "lookup")
        ],
    )
    # `leanpix deploy` measures held polls by it. The action knows no resource.
    role.add_to_policy(iam.PolicyStatement(actions=["lambda:GetAccountSettings"], resources=["*"]))


def _add_diff_role(stack: Stack, provider_arn: str, names: list[str]) -> None:
    """Add the role that may read the stacks' templates, and nothing else."""
    from aws_cdk import Aws  # noqa: PLC0415 - importing the CDK starts Node.js

    stacks = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/leanpix-*"
    _add_role(
        stack,
        "DiffRole",
        description="Compares Leanpix from pull requests",
        principal=(provider_arn, [f"repo:{name}:pull_request" for name in names]),
        actions=["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
        resources=[stacks],
    )


def _add_role(
    stack: Stack,
    name: str,
    *,
    description: str,
    principal: tuple[str, list[str]],
    actions: list[str],
    resources: list[str],
) -> iam.Role:
    """Add a role that GitHub's workflows of these subjects may take, and an output of its ARN."""
    from aws_cdk import CfnOutput  # noqa: PLC0415 - importing the CDK starts Node.js
    from aws_cdk import aws_iam as iam  # noqa: PLC0415 - the same

    provider_arn, subjects = principal
    trusted = iam.WebIdentityPrincipal(
        provider_arn,
        {
            "StringEquals": {
                f"{_ISSUER}:aud": "sts.amazonaws.com",
                f"{_ISSUER}:sub": subjects,
            }
        },
    )
    role = iam.Role(stack, name, assumed_by=trusted, description=description)
    role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
    CfnOutput(stack, f"{name}Arn", value=role.role_arn)
    return role


def main() -> int:
    """Synthesize; the CDK's command line starts this with its context in the environment."""
    parser = argparse.ArgumentParser(description="Synthesize the delivery stack.")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="NAME=VALUE")
    context: dict[str, object] = json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}"))
    for pair in parser.parse_args().context:
        name, _, value = pair.partition("=")
        context[name] = value
    try:
        build(context, os.environ.get("CDK_OUTDIR", "cdk.out")).synth()
    except SettingError as error:
        print(f"delivery: {error}", file=sys.stderr)  # noqa: T201 - a command talks
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
