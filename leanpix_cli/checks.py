"""Check an AWS account before a deploy; `leanpix doctor` and `leanpix deploy` run it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from leanpix.contract import FEW_CONCURRENT_CALLS
from leanpix_cli.target import Account

BOOTSTRAP_PARAMETER: Final = "/cdk-bootstrap/hnb659fds/version"
LEAST_BOOTSTRAP_VERSION: Final = 6
"""The version that the template's assets ask for."""
RESERVABLE_LESS: Final = 100
"""The concurrency that Lambda lets nobody set aside."""
DEFAULT_INTEGRATION_SECONDS: Final = 29
CLOUDFRONT_REGION: Final = "us-east-1"
"""The Region in which CloudFront looks for certificates."""


class Level(StrEnum):
    """The weight of a finding."""

    OK = "ok"
    WARNING = "warning"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found, and what to do about it."""

    check: str
    level: Level
    text: str
    remedy: str = ""


Check = Callable[[Account, Mapping[str, str]], Iterator[Finding]]


def run_checks(
    checks: Mapping[str, Check], account: Account, settings: Mapping[str, str]
) -> list[Finding]:
    """Run checks; one that cannot look is itself a finding."""
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += check(account, settings)
        except (BotoCoreError, ClientError) as error:
            text = f"could not be looked at: {error}"
            found.append(Finding(check=name, level=Level.WARNING, text=text))
    return found


def make_finding(check: str, text: str, *, level: Level = Level.OK, remedy: str = "") -> Finding:
    """Return a finding."""
    return Finding(check=check, level=level, text=text, remedy=remedy)


def check_credentials(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Tell who is asking, if anybody is."""
    try:
        who = account.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield make_finding(
            "credentials",
            f"AWS does not know who is asking: {error}",
            level=Level.BLOCKS,
            remedy="`aws sso login`, or set AWS_PROFILE",
        )
    else:
        yield make_finding("credentials", f"{who['Arn']} in the account {who['Account']}")


def check_region(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Tell which Region is meant."""
    if account.region:
        yield make_finding("region", account.region)
        return
    yield make_finding(
        "region", "no Region is set", level=Level.BLOCKS, remedy="set AWS_REGION=eu-central-1"
    )


def check_bootstrap(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Look for what `cdk bootstrap` makes."""
    remedy = "npx aws-cdk@2.1148.1 bootstrap"
    ssm = account.client("ssm")
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        text = f"the Region {account.region} is not bootstrapped for the CDK"
        yield make_finding("bootstrap", text, level=Level.BLOCKS, remedy=remedy)
        return
    is_old = version < LEAST_BOOTSTRAP_VERSION
    level = Level.BLOCKS if is_old else Level.OK
    yield make_finding(
        "bootstrap", f"version {version}", level=level, remedy=remedy if is_old else ""
    )


def check_quotas(account: Account, settings: Mapping[str, str]) -> Iterator[Finding]:
    """Compare Lambda's concurrency and API Gateway's time-out with what the settings ask for."""
    quota = read_concurrency(account)
    if quota >= FEW_CONCURRENT_CALLS:
        yield make_finding("quotas", f"{quota:,} Lambda calls at the same time")
    else:
        yield make_finding(
            "quotas",
            f"{quota} Lambda calls at the same time: polls will be held for 2 s at most, and few"
            " at a time",
            level=Level.WARNING,
            remedy="aws service-quotas request-service-quota-increase --service-code lambda"
            " --quota-code L-B99A9384 --desired-value 1000; then deploy again",
        )
    reserved = int(settings.get("result_concurrency", "0"))
    if reserved and reserved > quota - RESERVABLE_LESS:
        yield make_finding(
            "quotas",
            f"result_concurrency={reserved}, but of {quota} Lambda lets"
            f" {max(0, quota - RESERVABLE_LESS)} be set aside",
            level=Level.BLOCKS,
            remedy="leave result_concurrency out",
        )
    seconds = int(settings.get("integration_timeout_seconds", str(DEFAULT_INTEGRATION_SECONDS)))
    if seconds > DEFAULT_INTEGRATION_SECONDS:
        yield _check_integration_timeout(account, seconds)


def _check_integration_timeout(account: Account, seconds: int) -> Finding:
    pages = account.client("service-quotas").get_paginator("list_service_quotas")
    allowed = next(
        (
            quota["Value"] / 1000
            for page in pages.paginate(ServiceCode="apigateway")
            for quota in page["Quotas"]
            if "integration timeout" in quota["QuotaName"].lower()
        ),
        float(DEFAULT_INTEGRATION_SECONDS),
    )
    text = f"API Gateway waits {allowed:g} s for a function; integration_timeout_seconds={seconds}"
    if allowed >= seconds:
        return make_finding("quotas", text)
    remedy = 'have the quota "Maximum integration timeout" raised, or leave the setting out'
    return make_finding("quotas", text, level=Level.BLOCKS, remedy=remedy)


def read_concurrency(account: Account) -> int:
    """Return how many Lambda calls the account may have at the same time."""
    limits = account.client("lambda").get_account_settings()["AccountLimit"]
    return int(limits["ConcurrentExecutions"])


_STUCK: Final = {
    "ROLLBACK_COMPLETE": "Its first deploy failed. It has to be deleted before the next one:"
    " `aws cloudformation delete-stack --stack-name {name}`",
    "ROLLBACK_FAILED": "Its first deploy failed and could not be cleaned up: see its events, then"
    " `aws cloudformation delete-stack --stack-name {name}`",
    "CREATE_FAILED": "Its first deploy failed:"
    " `aws cloudformation delete-stack --stack-name {name}`",
    "DELETE_FAILED": "It is half deleted; a bucket that is not empty is the usual reason:"
    " `leanpix stage destroy`",
    "UPDATE_ROLLBACK_FAILED": "`aws cloudformation continue-update-rollback --stack-name {name}`",
}


def check_stack(account: Account, _settings: Mapping[str, str]) -> Iterator[Finding]:
    """Look for a stack that is stuck, half deleted, or being changed by somebody else."""
    stack = account.describe_stack()
    name = account.stack_name
    if stack is None:
        yield make_finding("stack", f"{name} is not there yet")
        return
    status = stack["StackStatus"]
    if status in _STUCK:
        remedy = _STUCK[status].format(name=name)
        if stack.get("EnableTerminationProtection"):
            remedy = (
                "first `aws cloudformation update-termination-protection"
                f" --no-enable-termination-protection --stack-name {name}`. {remedy}"
            )
        yield make_finding("stack", f"{name} is {status}", level=Level.BLOCKS, remedy=remedy)
    elif status.endswith("_IN_PROGRESS"):
        remedy = "wait until it has ended"
        if status == "REVIEW_IN_PROGRESS":
            remedy = f"`aws cloudformation delete-stack --stack-name {name}`"
        yield make_finding("stack", f"{name} is {status}", level=Level.BLOCKS, remedy=remedy)
    else:
        yield make_finding("stack", f"{name} is {status}")


def check_certificate(account: Account, settings: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the certificate of a domain of one's own."""
    domain, arn = settings.get("domain_name", ""), settings.get("certificate_arn", "")
    if not domain:
        return
    # arn:aws:acm:REGION:account:certificate/id
    region = (arn.split(":", 4) + [""] * 4)[3]
    has_front_door = settings.get("front_door", "true") != "false"
    wanted = CLOUDFRONT_REGION if has_front_door else account.region
    if region != wanted:
        who = "CloudFront looks" if has_front_door else "the stack is"
        text = f"the certificate is in {region or 'no Region'}, {who} in {wanted}"
        remedy = f"request one in ACM in {wanted}"
        yield make_finding("certificate", text, level=Level.BLOCKS, remedy=remedy)
        return
    acm = account.client("acm", region)
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", ())}
    covers = any(_covers(name, domain) for name in names)
    text = f"{arn} for {', '.join(sorted(names))} is {found['Status']}"
    if found["Status"] == "ISSUED" and covers:
        yield make_finding("certificate", text)
    else:
        remedy = f"it must be issued, and name {domain}"
        yield make_finding("certificate", text, level=Level.BLOCKS, remedy=remedy)


def _covers(name: str, domain: str) -> bool:
    # A star stands for one label (RFC 6125, 6.4.3).
    return fnmatchcase(domain, name) and domain.count(".") == name.count(".")


BEFORE: Final[Mapping[str, Check]] = {
    "credentials": check_credentials,
    "region": check_region,
    "bootstrap": check_bootstrap,
    "quotas": check_quotas,
    "stack": check_stack,
    "certificate": check_certificate,
}
"""The checks that tell whether a deploy can work."""
