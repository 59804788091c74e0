"""The composition root: the one place that knows services and adapters both.

Each builder takes what a test may want to replace and imports only what its service needs, so
that a light function stays light.
"""

# ruff: noqa: PLC0415 - imports inside the builders are this module's purpose

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from leanpix.contract import INTEGRATION_MARGIN_SECONDS
from leanpix.settings import Settings

if TYPE_CHECKING:
    from leanpix.adapters.accounts_table import AccountsTable
    from leanpix.adapters.jobs_table import JobsTable
    from leanpix.services.accept import AcceptService
    from leanpix.services.download import DownloadService
    from leanpix.services.give_up import GiveUpService
    from leanpix.services.identify import AccountService, IdentifyService
    from leanpix.services.optimize import OptimizeService
    from leanpix.services.wait import WaitService


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings(os.environ)


@cache
def accept_service() -> AcceptService:
    """Return the service that takes submissions in."""
    from leanpix.adapters.aws import s3_client, sqs_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.queue import SqsImageQueue
    from leanpix.services.accept import AcceptService

    return AcceptService(
        jobs=_jobs(),
        accounts=_accounts(),
        objects=Bucket(client=s3_client(), name=settings().bucket),
        queue=SqsImageQueue(client=sqs_client(), url=settings().images_queue_url),
        clock=SystemClock(),
        retention_days=settings().retention_days,
    )


@cache
def wait_service() -> WaitService:
    """Return the service that holds polls."""
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.wait import WaitService

    return WaitService(
        jobs=_jobs(),
        accounts=_accounts(),
        clock=SystemClock(),
        max_hold_seconds=settings().integration_timeout_seconds - INTEGRATION_MARGIN_SECONDS,
    )


@cache
def optimize_service() -> OptimizeService:
    """Return the service that works on images."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.fetch import GuardedFetcher
    from leanpix.adapters.optimizer_engine import LeanpixEngine
    from leanpix.services.optimize import OptimizeService

    return OptimizeService(
        jobs=_jobs(),
        objects=Bucket(client=s3_client(), name=settings().bucket),
        fetcher=GuardedFetcher(may_fetch_loopback=settings().may_fetch_loopback),
        engine=LeanpixEngine(),
        clock=SystemClock(),
        retention_days=settings().retention_days,
    )


@cache
def give_up_service() -> GiveUpService:
    """Return the service that ends what was given up on."""
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.give_up import GiveUpService

    return GiveUpService(jobs=_jobs(), clock=SystemClock())


@cache
def identify_service() -> IdentifyService:
    """Return the service that tells whose key it is."""
    from leanpix.adapters.accounts_table import KeysTable
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.services.identify import IdentifyService

    return IdentifyService(keys=KeysTable(client=dynamodb_client(), table=settings().keys_table))


@cache
def account_service() -> AccountService:
    """Return the service that tells an account about itself."""
    from leanpix.services.identify import AccountService

    return AccountService(accounts=_accounts())


@cache
def download_service() -> DownloadService:
    """Return the service that hands results out."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.download import DownloadService

    return DownloadService(
        results=Bucket(client=s3_client(), name=settings().bucket), clock=SystemClock()
    )


@cache
def _jobs() -> JobsTable:
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.jobs_table import JobsTable

    return JobsTable(
        client=dynamodb_client(),
        jobs_table=settings().jobs_table,
        accounts_table=settings().accounts_table,
    )


@cache
def _accounts() -> AccountsTable:
    from leanpix.adapters.accounts_table import AccountsTable
    from leanpix.adapters.aws import dynamodb_client

    return AccountsTable(client=dynamodb_client(), table=settings().accounts_table)
