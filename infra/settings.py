"""Read and check the settings of a deploy from the CDK context.

`cdk deploy -c stage=prod -c retention_days=30` and `python app.py -c stage=prod` set a value;
`cdk.json` can hold one too. An unknown name, a value of the wrong kind or one out of its range
ends the synthesis with one line that names the setting. `docs/settings.md` is made from here:
`python -m infra.settings_table --write`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from infra.setting_fields import (
    ALLOWED,
    CERTIFICATE,
    DOMAIN,
    EMAIL,
    TAG,
    URL,
    WEB_ACL,
    Flavour,
    LogRetention,
    Rollout,
    text,
    whole,
)
from leanpix import contract


class SettingError(ValueError):
    """A setting that is unknown or has an unusable value."""


STAGE_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "prod": MappingProxyType(
            {
                "keep_data": True,
                "log_retention_days": LogRetention.THREE_MONTHS,
                "max_concurrency": 50,
                "rollout": Rollout.CANARY,
            }
        )
    }
)
"""The defaults of stages with a name of their own; every other stage is like `dev`."""

_FRONT_DOOR_REGION: Final = "us-east-1"
_UNRESERVED_CONCURRENCY: Final = 100
"""The least that Lambda leaves unreserved in an account ("Configuring reserved concurrency")."""
FEW_SLOTS_HOLD_SECONDS: Final = 2
_LEAST_OPTIMIZERS: Final = 2
"""The least maximum concurrency that an event source takes."""


class Settings(BaseModel):
    """The deploy settings with their defaults."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        # Pydantic's own engine finds the pattern of `tags` too large.
        regex_engine="python-re",
    )

    stage: str = text(
        "dev",
        "Name of the stage; part of every name in the stack.",
        pattern=r"[a-z][a-z0-9]{0,19}",
        allowed="1 to 20 lower-case letters and digits, a letter first",
    )
    site_url: str = text(
        "https://leanpix.example",
        "The operator's site, named in error texts (sign up, dashboard).",
        pattern=URL,
        allowed="an http(s) URL without a slash at the end",
    )
    domain_name: str = text(
        "",
        "Host name of the stage; CloudFront's own where empty. Needs `certificate_arn`.",
        pattern=f"({DOMAIN})?",
        allowed="a host name in lower case",
    )
    certificate_arn: str = text(
        "",
        "Certificate of `domain_name` in ACM, in us-east-1; without a front door in the stack's.",
        pattern=f"({CERTIFICATE})?",
        allowed="the ARN of an ACM certificate",
    )
    front_door: bool = Field(
        default=True,
        description="Whether CloudFront stands before the stage; downloads then come from S3.",
    )
    hosted_zone_id: str = text(
        "",
        "Hosted zone of Route 53 in which `domain_name` gets its records, an apex too; none are"
        " made where empty. Needs the front door.",
        pattern="(Z[A-Z0-9]{1,31})?",
        allowed="the id of a hosted zone",
    )
    web_acl_arn: str = text(
        "",
        "Web ACL of AWS WAF before the front door.",
        pattern=f"({WEB_ACL})?",
        allowed="the ARN of a web ACL for CloudFront, which are in us-east-1",
    )
    front_door_timeout_seconds: int = whole(
        60,
        "How long CloudFront waits for the API; a held poll ends 2 s before that, at the latest.",
        low=30,
        high=180,
        why="CloudFront allows 60 unless the account's quota is raised",
    )
    public_requests_per_second: int = whole(
        200,
        "How many calls a second each route without a key takes, over all callers, where its"
        " document names no rate.",
        low=1,
        high=10_000,
        why="API Gateway takes 10,000 in an account and Region",
    )
    base_url: str = text(
        "",
        "Root of the links in answers, where something of yours stands before the stage; the"
        " stage's own URL where empty.",
        pattern=f"({URL})?",
        allowed="an http(s) URL without a slash at the end",
    )
    integration_timeout_seconds: int = whole(
        29,
        "After how long API Gateway gives up on a function; a held poll ends 2 s earlier.",
        low=10,
        high=300,
        why="API Gateway allows 29 unless the account's quota is raised",
    )
    light_memory_megabytes: int = whole(
        512,
        "Memory of the functions that only talk to other services.",
        low=256,
        high=10_240,
        why="less than 256 makes cold starts slow, see docs/sizing.md",
    )
    result_memory_megabytes: int = whole(
        256,
        "Memory of the function that holds polls.",
        low=256,
        high=10_240,
        why="less than 256 makes cold starts slow, see docs/sizing.md",
    )
    submit_memory_megabytes: int = whole(
        1_024,
        "Memory of the functions that carry whole images: submits and downloads.",
        low=512,
        high=10_240,
        why="a request and its decoded parts stand in memory several times",
    )
    optimizer_memory_megabytes: int = whole(
        2_048,
        "Memory of the optimizer, which is also its share of a CPU: 1,769 MB is a whole one.",
        low=512,
        high=10_240,
        why="Lambda ends at 10,240, and the engine needs 512",
    )
    optimizer_timeout_seconds: int = whole(
        120,
        "How long one image may take.",
        low=30,
        high=900,
        why="an image needs up to 30 seconds, and Lambda ends a call after 900",
    )
    max_concurrency: int = whole(
        10,
        "How many images are optimized at the same time.",
        low=2,
        high=1_000,
        why="SQS event sources take 2 to 1,000",
    )
    account_concurrency: int = whole(
        1_000,
        "Lambda concurrency of the AWS account and Region; `leanpix deploy` reads it. Below 200,"
        " polls are held for 2 s at most, and so few at a time that the optimizer keeps running.",
        low=10,
        high=1_000_000,
        why="a new account has 10, 1,000 after a first raise",
    )
    result_concurrency: int = whole(
        0,
        "How many polls can be held at the same time; so many are set aside for them, and no more"
        " can keep submits from running.",
        low=0,
        high=10_000,
        why="0 sets nothing aside; Lambda keeps 100 of an account's that nobody can set aside",
    )
    retention_days: int = whole(
        contract.RETENTION_DAYS,
        "How long uploads and results are kept.",
        low=1,
        high=365,
        why="results are kept for at least a day",
    )
    min_saved_percent: int = whole(
        contract.MIN_SAVED_PERCENT,
        "By how much less a result must be than its source; else it is no savings, and free.",
        low=0,
        high=50,
        why="percent of the source's bytes",
    )
    keep_data: bool = Field(
        default=False,
        description="Whether tables, bucket and logs outlive a deletion of the stack; also"
        " protects the stack from being deleted.",
    )
    access_logs: bool = Field(
        default=True,
        description="Whether API Gateway logs each call, without key and query; sets the role"
        " by which it writes logs, which is one for the whole AWS account and Region.",
    )
    log_retention_days: LogRetention = Field(
        default=LogRetention.ONE_MONTH, description="How long logs are kept."
    )
    rollout: Rollout = Field(
        default=Rollout.AT_ONCE,
        description="How a new version of the functions takes over, see docs/deploy.md.",
    )
    tracing: bool = Field(
        default=True,
        description="Whether X-Ray traces calls: the first of each second and 5 % of the rest.",
    )
    alarm_email: str = text(
        "",
        "Who gets the alarms; they must confirm the subscription. Others can subscribe to the"
        " topic in the output `AlarmTopic`.",
        pattern=f"({EMAIL})?",
        allowed="an e-mail address",
    )
    alarm_queue_age_seconds: int = whole(
        300,
        "How long an image may wait for the optimizer before an alarm.",
        low=60,
        high=86_400,
        why="CloudWatch looks once a minute",
    )
    alarm_dollars_per_hour: int = whole(
        5,
        "Estimated spend on computing within an hour above which an alarm goes off.",
        low=1,
        high=100_000,
        why="whole US dollars at us-east-1 list prices",
    )
    monthly_budget_dollars: int = whole(
        0,
        "Budget of the AWS account for a month; `alarm_email` is warned at 80 % and when all of it"
        " is forecast to be spent.",
        low=0,
        high=10_000_000,
        why="0 makes no budget",
    )
    tags: str = text(
        "",
        "Further tags of every resource, such as `owner=web,cost-center=12`.",
        pattern=f"({TAG}(,{TAG})*)?",
        allowed="name=value, several with commas",
    )
    flavour: Flavour = Field(
        default=Flavour.ARM64,
        description="For which machine the layers are: `host` is for the local cloud alone.",
    )

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Check what holds between values that are right by themselves."""
        if bool(self.domain_name) != bool(self.certificate_arn):
            message = (
                "setting domain_name and setting certificate_arn: the one needs the other,"
                f" not {self.domain_name!r} with {self.certificate_arn!r}"
            )
            raise ValueError(message)
        self._check_front_door()
        if self.monthly_budget_dollars and not self.alarm_email:
            message = "setting monthly_budget_dollars: needs alarm_email, whom a budget tells"
            raise ValueError(message)
        may_reserve = max(0, self.account_concurrency - _UNRESERVED_CONCURRENCY)
        if self.result_concurrency > may_reserve:
            message = (
                f"setting result_concurrency={self.result_concurrency}: of account_concurrency="
                f"{self.account_concurrency}, Lambda lets {may_reserve} be set aside"
            )
            raise ValueError(message)
        return self

    def _check_front_door(self) -> None:
        """Check what CloudFront wants of other settings, or what wants CloudFront."""
        in_place = f":acm:{_FRONT_DOOR_REGION}:" in self.certificate_arn
        if self.front_door and self.certificate_arn and not in_place:
            message = (
                f"setting certificate_arn={self.certificate_arn!r}: CloudFront takes certificates"
                f" of {_FRONT_DOOR_REGION} alone; or -c front_door=false"
            )
            raise ValueError(message)
        if self.hosted_zone_id and not (self.front_door and self.domain_name):
            message = "setting hosted_zone_id: needs front_door and domain_name"
            raise ValueError(message)
        if self.web_acl_arn and not self.front_door:
            message = "setting web_acl_arn: needs front_door"
            raise ValueError(message)

    @property
    def has_few_slots(self) -> bool:
        """True where held polls could take all the concurrency that the account has."""
        return self.account_concurrency < contract.FEW_CONCURRENT_CALLS

    @property
    def optimizer_concurrency(self) -> int:
        """The images that are optimized at the same time, at most a third of what there is."""
        return max(_LEAST_OPTIMIZERS, min(self.max_concurrency, self.account_concurrency // 3))

    @property
    def poll_timeout_seconds(self) -> int:
        """The time-out by which held polls are measured; they end a margin earlier."""
        if self.has_few_slots:
            return FEW_SLOTS_HOLD_SECONDS + contract.INTEGRATION_MARGIN_SECONDS
        if self.front_door:
            return min(self.integration_timeout_seconds, self.front_door_timeout_seconds)
        return self.integration_timeout_seconds

    @property
    def held_polls(self) -> int:
        """The polls that may be held at the same time where there are few slots."""
        return self.account_concurrency // 3

    @property
    def visibility_timeout_seconds(self) -> int:
        """The time for which a message is hidden: longer than the function runs."""
        return self.optimizer_timeout_seconds + max(10, self.optimizer_timeout_seconds // 10)

    @property
    def object_expiry_days(self) -> int:
        """The days after which S3 may delete an object: never before its retention has ended."""
        return self.retention_days + 1

    @property
    def tag_values(self) -> dict[str, str]:
        """The further tags by their names."""
        pairs = (pair.partition("=") for pair in self.tags.split(",") if pair)
        return {name: value for name, _, value in pairs}

    @classmethod
    def from_context(cls, context: Mapping[str, object]) -> Self:
        """Read the settings from a CDK context; the CDK's own keys in it are left alone.

        Values come as text from a command line and as numbers from a file.
        """
        given = {
            name: str(value).strip()
            for name, value in context.items()
            if not _belongs_to_the_cdk(name)
        }
        defaults = STAGE_DEFAULTS.get(given.get("stage", ""), {})
        texts = {name: str(value) for name, value in defaults.items()} | given
        try:
            return cls.model_validate_strings(texts)
        except ValidationError as error:
            raise SettingError(_tell(error.errors()[0])) from None


def allowed(name: str) -> str:
    """Return in words what a value of a setting must be."""
    field = Settings.model_fields[name]
    if isinstance(field.json_schema_extra, dict):
        return str(field.json_schema_extra[ALLOWED])
    if isinstance(field.annotation, type) and issubclass(field.annotation, Enum):
        return _join_choices(str(member.value) for member in field.annotation)
    return _join_choices(("true", "false"))


def _tell(error: ErrorDetails) -> str:
    """Say what is wrong in our words; pydantic's name its own types and pages."""
    if not error["loc"]:  # what _check_together raised
        return str(error["ctx"]["error"])
    name = str(error["loc"][0])
    if name not in Settings.model_fields:
        return f"no such setting: {name}. There are: {', '.join(Settings.model_fields)}"
    kind = "a whole number " if error["type"].startswith("int_") else ""
    return f"setting {name}={error['input']!r}: must be {kind}{allowed(name)}"


def _join_choices(choices: Iterable[str]) -> str:
    *others, last = choices
    return f"{', '.join(others)} or {last}"


def _belongs_to_the_cdk(name: str) -> bool:
    return ":" in name or name.startswith(("@", "aws-cdk", "cdk"))
