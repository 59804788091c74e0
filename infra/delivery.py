"""The roles by which GitHub Actions deploys: a small stack of its own, deployed once by hand.

npx aws-cdk@2.1148.1 deploy --app ".venv/bin/python -m infra.delivery" -c repository=owner/name

GitHub proves by OpenID Connect which repository and which environment a workflow runs for; AWS
lends it a role for an hour. No key is kept. See "Configuring OpenID Connect in Amazon Web
Services" in the GitHub documentation. The deploying role may do nothing but use the roles that
`cdk bootstrap` made; the comparing one may read the stacks' templates and nothing else.
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
    from aws_cdk import App

STACK_NAME: Final = "leanpix-delivery"
STAGES: Final = ("dev", "prod")
_ISSUER: Final = "token.actions.githubusercontent.com"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+")
_PROVIDER: Final = re.compile(r"(arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+)?")


def build(context: Mapping[str, object], outdir: str | None = None) -> App:
    """Return the app with the stack; ``provider_arn`` names an account's existing provider."""
    repository = str(context.get("repository", ""))
    provider_arn = str(context.get("provider_arn", ""))
    if not _REPOSITORY.fullmatch(repository):
        message = f"setting repository={repository!r}: must be owner/name on GitHub"
        raise SettingError(message)
    if not _PROVIDER.fullmatch(provider_arn):
        message = f"setting provider_arn={provider_arn!r}: must be the ARN of an OIDC provider"
        raise SettingError(message)
    prepare_environment()
    # Only now, since importing the CDK starts Node.js.
    from aws_cdk import App, Aws, CfnOutput, Stack, Tags  # noqa: PLC0415
    from aws_cdk import aws_iam as iam  # noqa: PLC0415

    app = App(outdir=outdir, analytics_reporting=False, tree_metadata=False)
    stack = Stack(app, STACK_NAME, description="Lets GitHub Actions deploy Leanpix")
    if not provider_arn:
        provider_arn = iam.CfnOIDCProvider(
            stack, "GitHub", url=f"https://{_ISSUER}", client_id_list=["sts.amazonaws.com"]
        ).attr_arn

    def make_role(name: str, description: str, subjects: list[str]) -> iam.Role:
        trusted = iam.WebIdentityPrincipal(
            provider_arn,
            {
                "StringEquals": {
                    f"{_ISSUER}:aud": "sts.amazonaws.com",
                    f"{_ISSUER}:sub": [f"repo:{repository}:{subject}" for subject in subjects],
                }
            },
        )
        role = iam.Role(stack, name, assumed_by=trusted, description=description)
        CfnOutput(stack, f"{name}Arn", value=role.role_arn)
        return role

    deploy = make_role(
        "DeployRole",
        "Deploys Leanpix from GitHub Actions",
        [f"environment:{stage}" for stage in STAGES],
    )
    bootstrap_roles = f"arn:{Aws.PARTITION}:iam::{Aws.ACCOUNT_ID}:role/cdk-hnb659fds-"
    region = f"{Aws.ACCOUNT_ID}-{Aws.REGION}"
    deploy.add_to_policy(
        iam.PolicyStatement(
            actions=["sts:AssumeRole"],
            resources=[
                f"{bootstrap_roles}{kind}-role-{region}"
                for kind in ("deploy", "file-publishing", "lookup")
            ],
        )
    )
    diff = make_role("DiffRole", "Compares Leanpix from pull requests", ["pull_request"])
    stacks = f"arn:{Aws.PARTITION}:cloudformation:{Aws.REGION}:{Aws.ACCOUNT_ID}:stack/leanpix-*"
    diff.add_to_policy(
        iam.PolicyStatement(
            actions=["cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
            resources=[stacks],
        )
    )
    Tags.of(stack).add("application", "leanpix")
    return app


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
