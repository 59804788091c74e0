"""Build the Lambda functions; what differs between two of them is a row of `rows`."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Duration, IgnoreMode, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.layers import IGNORED, Layers
from infra.setting_fields import Flavour
from infra.settings import Settings
from infra.storage import removal_policy
from leanpix import contract
from leanpix.contract import EnvironmentName

_FOLDER: Final = Path(__file__).resolve().parent.parent / "functions"

# libvips and glibc in a container with a fixed memory: one thread per image, few arenas
# (docs/sizing.md).
_ENGINE_ENVIRONMENT: Final[Mapping[str, str]] = {"MALLOC_ARENA_MAX": "2", "VIPS_CONCURRENCY": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The needs of one function that another does not have."""

    description: str
    needs: frozenset[EnvironmentName]
    memory_megabytes: int | None = None
    """The memory; that of the light functions where it is None."""
    timeout_seconds: int = 10
    has_engine: bool = False
    reserved_concurrency: int | None = None
    """The concurrency set aside for it, which is its limit too."""
    has_console: bool = False
    """The files of the console."""
    has_probe: bool = False
    """The engine's own code, which reads headers, without what it decodes with."""


LIVE_ALIAS: Final = "live"
"""The alias of the version that serves. API Gateway and the images' queue call it, not the
function, so that a new version can take over little by little (infra/rollout.py)."""
SERVING: Final = tuple(
    name
    for name in contract.FUNCTIONS
    if name in {"authorizer", "optimizer", *(route.function for route in contract.ROUTES)}
)
"""The functions whose new versions take over little by little."""

_TABLES: Final = frozenset({EnvironmentName.JOBS_TABLE, EnvironmentName.ACCOUNTS_TABLE})
_TRANSFER_TIMEOUT_SECONDS: Final = 25
"""Time-out of the functions that carry whole images: less than API Gateway waits by default."""
_KEYS_TIMEOUT_SECONDS: Final = 20
"""API Gateway takes seconds to make a key where it is asked for many."""
DEAD_LETTERS_TIMEOUT_SECONDS: Final = 30
CALLBACKS_TIMEOUT_SECONDS: Final = 30
_SWEEPER_TIMEOUT_SECONDS: Final = 55
"""Less than the minute after which the next run starts."""


def rows(settings: Settings) -> Mapping[str, Row]:
    """Return what differs between the functions, by name."""
    return {
        **_common_rows(settings),
        **_megaoptim_rows(settings),
        **_own_rows(),
        **_tinyjpg_rows(settings),
        **_tinify_rows(settings),
        **_worker_rows(settings),
    }


def _common_rows(settings: Settings) -> dict[str, Row]:
    name = EnvironmentName
    return {
        "health": Row(description="GET /, /status and /ping", needs=frozenset({name.SITE_URL})),
        "authorizer": Row(
            description="Turns an API key into an account", needs=frozenset({name.KEYS_TABLE})
        ),
        "image": Row(
            description="Serves an optimized image",
            needs=frozenset({name.SITE_URL, name.BUCKET}),
            memory_megabytes=settings.submit_memory_megabytes,
            timeout_seconds=_TRANSFER_TIMEOUT_SECONDS,
        ),
        "docs": Row(
            description="Serves the API's own description, and the console",
            needs=frozenset({name.BASE_URL, name.SITE_URL, name.STORE_URL}),
            has_console=True,
        ),
    }


def _megaoptim_rows(settings: Settings) -> dict[str, Row]:
    name = EnvironmentName
    return {
        "submit": Row(
            description="Accepts images: validates, charges, records, queues",
            needs=_TABLES
            | {name.SITE_URL, name.BUCKET, name.IMAGES_QUEUE_URL, name.RETENTION_DAYS},
            memory_megabytes=settings.submit_memory_megabytes,
            timeout_seconds=_TRANSFER_TIMEOUT_SECONDS,
        ),
        "result": Row(
            description="Holds a poll until every image of a job has ended",
            needs=_TABLES | {name.BASE_URL, name.SITE_URL, name.INTEGRATION_TIMEOUT_SECONDS},
            memory_megabytes=settings.result_memory_megabytes,
            timeout_seconds=settings.integration_timeout_seconds,
            # Held polls fill this and no more: what is left of the account's is for submits.
            reserved_concurrency=settings.result_concurrency or None,
        ),
        "account": Row(
            description="Tells an account its tokens and plan",
            needs=frozenset({name.SITE_URL, name.ACCOUNTS_TABLE}),
        ),
        "uploads": Row(
            description="Grants direct uploads to S3",
            needs=frozenset({name.SITE_URL, name.BUCKET}),
        ),
    }


def _own_rows() -> dict[str, Row]:
    name = EnvironmentName
    return {
        "jobs": Row(
            description="Shows an account its jobs, and sends their callbacks again",
            needs=frozenset(
                {name.BASE_URL, name.SITE_URL, name.JOBS_TABLE, name.CALLBACKS_QUEUE_URL}
            ),
        ),
        "usage": Row(
            description="Tells an account its usage by day",
            needs=frozenset({name.SITE_URL, name.ACCOUNTS_TABLE}),
        ),
        "keys": Row(
            description="Lists, creates and revokes the keys of an account",
            needs=frozenset(
                {name.SITE_URL, name.ACCOUNTS_TABLE, name.KEYS_TABLE, name.STACK_NAME}
            ),
            timeout_seconds=_KEYS_TIMEOUT_SECONDS,
        ),
    }


def _tinyjpg_rows(settings: Settings) -> dict[str, Row]:
    name = EnvironmentName
    urls = {name.BASE_URL, name.SITE_URL}
    return {
        "tinyjpg_submit": Row(
            description="Accepts an image by TinyJPG's API",
            needs=_TABLES | urls | {name.BUCKET, name.IMAGES_QUEUE_URL, name.RETENTION_DAYS},
            memory_megabytes=settings.submit_memory_megabytes,
            timeout_seconds=_TRANSFER_TIMEOUT_SECONDS,
            has_probe=True,
        ),
        "tinyjpg_status": Row(
            description="Tells where an image stands, by TinyJPG's API",
            needs=frozenset({name.JOBS_TABLE}) | urls,
        ),
        "tinyjpg_account": Row(
            description="Tells an account its usage, by TinyJPG's API",
            needs=frozenset({name.SITE_URL, name.ACCOUNTS_TABLE}),
        ),
    }


def _tinify_rows(settings: Settings) -> dict[str, Row]:
    name = EnvironmentName
    held = (
        _TABLES
        | {name.BASE_URL, name.SITE_URL, name.INTEGRATION_TIMEOUT_SECONDS}
        | {name.BUCKET, name.IMAGES_QUEUE_URL, name.RETENTION_DAYS}
    )
    return {
        "tinify_shrink": Row(
            description="Makes an image smaller by Tinify's API, and holds the call meanwhile",
            needs=held,
            memory_megabytes=settings.submit_memory_megabytes,
            timeout_seconds=settings.integration_timeout_seconds,
            has_probe=True,
        ),
        "tinify_output": Row(
            description="Serves an image by Tinify's API, and what commands make of it",
            needs=held - {name.BASE_URL},
            memory_megabytes=settings.submit_memory_megabytes,
            timeout_seconds=settings.integration_timeout_seconds,
        ),
        "tinify_account": Row(
            description="Tells whether a key is good, by Tinify's API",
            needs=frozenset({name.SITE_URL, name.ACCOUNTS_TABLE, name.KEYS_TABLE}),
        ),
    }


def _worker_rows(settings: Settings) -> dict[str, Row]:
    name = EnvironmentName
    return {
        "optimizer": Row(
            description="Optimizes one image and settles its account",
            needs=_TABLES
            | {
                name.BUCKET,
                name.CALLBACKS_QUEUE_URL,
                name.RETENTION_DAYS,
                name.MIN_SAVED_PERCENT,
            },
            memory_megabytes=settings.optimizer_memory_megabytes,
            timeout_seconds=settings.optimizer_timeout_seconds,
            has_engine=True,
        ),
        "dead_letters": Row(
            description="Ends and refunds the images that no try could optimize",
            needs=_TABLES | {name.BUCKET, name.CALLBACKS_QUEUE_URL},
            timeout_seconds=DEAD_LETTERS_TIMEOUT_SECONDS,
        ),
        "sweeper": Row(
            description="Heals what a crash left half done: images, callbacks, uploads",
            needs=_TABLES | {name.BUCKET, name.IMAGES_QUEUE_URL, name.CALLBACKS_QUEUE_URL},
            timeout_seconds=_SWEEPER_TIMEOUT_SECONDS,
        ),
        "callbacks": Row(
            description="Posts the results of jobs that ended to their callback URLs",
            needs=_TABLES
            | {
                name.BASE_URL,
                name.SITE_URL,
                name.CALLBACKS_QUEUE_URL,
                name.CALLBACKS_DEAD_LETTER_QUEUE_URL,
            },
            timeout_seconds=CALLBACKS_TIMEOUT_SECONDS,
        ),
    }


def _own_layers(layers: Layers, row: Row) -> tuple[lambda_.LayerVersion, ...]:
    if row.has_console:
        return (layers.console,)
    if row.has_engine:
        return layers.engine
    return (layers.engine_code,) if row.has_probe else ()


class Functions(Construct):
    """Every Lambda function, each with a role and a log group of its own."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        environment: Mapping[EnvironmentName, str],
    ) -> None:
        """Create a function per row; each gets of the environment only what it needs."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self._environment = environment
        self._layers = Layers(self, "Layers", flavour=settings.flavour)
        table = rows(settings)
        self.by_name: Mapping[str, lambda_.Function] = {
            name: self._create(name, table[name]) for name in contract.FUNCTIONS
        }
        self.live: Mapping[str, lambda_.Alias] = {name: self._publish(name) for name in SERVING}

    def __getitem__(self, name: str) -> lambda_.Function:
        """Return the function of that name."""
        return self.by_name[name]

    def allow(self, name: str, actions: Iterable[str], *resources: str) -> None:
        """Let a function do these actions on exactly these resources."""
        self.by_name[name].add_to_role_policy(
            iam.PolicyStatement(actions=sorted(actions), resources=list(resources))
        )

    def _publish(self, name: str) -> lambda_.Alias:
        function = self.by_name[name]
        return lambda_.Alias(
            _scope_of(function), "Live", alias_name=LIVE_ALIAS, version=function.current_version
        )

    def _create(self, name: str, row: Row) -> lambda_.Function:
        scope = Construct(self, "".join(word.capitalize() for word in name.split("_")))
        log_group, role = self._log_group(scope), self._role(scope, name)
        log_group.grant_write(role)
        settings = self._settings
        return lambda_.Function(
            scope,
            "Function",
            function_name=f"{contract.stack_name(settings.stage)}-{name}",
            description=row.description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=_architecture(settings.flavour),
            code=lambda_.Code.from_asset(
                str(_FOLDER / name), exclude=list(IGNORED), ignore_mode=IgnoreMode.GIT
            ),
            handler="handler.handler",
            role=role,
            log_group=log_group,
            layers=[*self._layers.shared, *_own_layers(self._layers, row)],
            memory_size=row.memory_megabytes or settings.light_memory_megabytes,
            timeout=Duration.seconds(row.timeout_seconds),
            reserved_concurrent_executions=row.reserved_concurrency,
            tracing=lambda_.Tracing.ACTIVE if settings.tracing else lambda_.Tracing.DISABLED,
            # A version that no alias names costs nothing and is the way back. One that a deploy
            # made which was rolled back goes, or the next deploy could not make it again.
            current_version_options=lambda_.VersionOptions(
                removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
            ),
            environment=self._variables(name, row),
        )

    def _log_group(self, scope: Construct) -> logs.LogGroup:
        return logs.LogGroup(
            scope,
            "Logs",
            retention=logs.RetentionDays[self._settings.log_retention_days.name],
            removal_policy=removal_policy(self._settings),
        )

    def _role(self, scope: Construct, name: str) -> iam.Role:
        return iam.Role(
            scope,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Leanpix {self._settings.stage}: what the function {name} may do",
        )

    def _variables(self, name: str, row: Row) -> dict[str, str]:
        return {
            **{key.value: self._environment[key] for key in sorted(row.needs)},
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "POWERTOOLS_METRICS_NAMESPACE": contract.metrics_namespace(self._settings.stage),
            **(_ENGINE_ENVIRONMENT if row.has_engine else {}),
        }


def _scope_of(function: lambda_.Function) -> Construct:
    """Return the construct that a function shares with its role and its log group."""
    scope = function.node.scope
    if not isinstance(scope, Construct):
        raise TypeError(function)
    return scope


def _architecture(flavour: Flavour) -> lambda_.Architecture:
    if flavour is Flavour.HOST and platform.machine() in {"x86_64", "AMD64"}:
        return lambda_.Architecture.X86_64
    return lambda_.Architecture.ARM_64
