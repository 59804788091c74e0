"""Compose the functions' services and adapters; `deployed_stack.py` does so for the commands.

Each builder imports only what its service needs, so that a light function stays light.
"""

# ruff: noqa: PLC0415 - imports inside the builders are this module's purpose

from __future__ import annotations

import gc
import os
from functools import cache, partial
from typing import TYPE_CHECKING

from leanpix.contract import (
    INTEGRATION_MARGIN_SECONDS,
    Api,
)
from leanpix.settings import Settings

if TYPE_CHECKING:
    from leanpix.adapters.dynamodb.accounts import AccountsTable
    from leanpix.adapters.dynamodb.jobs import JobsTable
    from leanpix.services.accounts import AccountService, KeyedAccountService, KeyService
    from leanpix.services.callbacks import CallbackAnnouncer, CallbackService
    from leanpix.services.jobs import JobListService, JobService, ResendService
    from leanpix.services.keys import OwnKeyService
    from leanpix.services.optimization import OptimizationService
    from leanpix.services.outputs import HeldSubmissionService, OutputService
    from leanpix.services.polls import PollService
    from leanpix.services.recovery import GiveUpService, SweepService
    from leanpix.services.results import ResultService
    from leanpix.services.submissions import ProbedSubmissionService, SubmissionService
    from leanpix.services.uploads import UploadsService

# Starting makes 60,000 objects that stay. Python would look through them for garbage every 700, a
# tenth of the time that a start takes (docs/sizing.md); this is more than a start makes.
gc.set_threshold(100_000, 20, 20)


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings(os.environ)


@cache
def submission_service() -> SubmissionService:
    """Return the service that takes submissions in."""
    from leanpix.adapters.aws import s3_client, sqs_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.queues import SqsImageQueue
    from leanpix.services.submissions import SubmissionService

    return SubmissionService(
        jobs=_jobs(),
        accounts=_accounts(),
        objects=Bucket(client=s3_client(), name=settings().bucket),
        queue=SqsImageQueue(client=sqs_client(), url=settings().images_queue_url),
        uploads=uploads_service(),
        clock=SystemClock(),
        retention_days=settings().retention_days,
    )


@cache
def uploads_service() -> UploadsService:
    """Return the service that lets accounts upload to S3 themselves."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.services.uploads import UploadsService

    return UploadsService(store=Bucket(client=s3_client(), name=settings().bucket))


@cache
def probed_submission_service() -> ProbedSubmissionService:
    """Return the service that takes submissions in after a look at their uploads."""
    from leanpix.adapters.prober import EngineProber
    from leanpix.services.submissions import ProbedSubmissionService

    return ProbedSubmissionService(submissions=submission_service(), prober=EngineProber())


@cache
def held_submission_service() -> HeldSubmissionService:
    """Return the service that takes an image in and answers when it has ended."""
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.prober import EngineProber
    from leanpix.services.outputs import HeldSubmissionService

    return HeldSubmissionService(
        submissions=submission_service(),
        polls=poll_service(),
        accounts=account_service(),
        prober=EngineProber(),
        clock=SystemClock(),
    )


@cache
def output_service() -> OutputService:
    """Return the service of what was made of an image, and of what else can be made of it."""
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.deliveries import BucketDeliverer
    from leanpix.adapters.fetching.fetcher import GuardedFetcher
    from leanpix.services.outputs import OutputService

    return OutputService(
        jobs=job_service(),
        polls=poll_service(),
        submissions=submission_service(),
        accounts=account_service(),
        files=result_service(),
        deliverer=BucketDeliverer(fetcher=GuardedFetcher()),
        clock=SystemClock(),
    )


@cache
def job_service() -> JobService:
    """Return the service that tells where jobs stand."""
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.jobs import JobReaderTable
    from leanpix.services.jobs import JobService

    jobs = JobReaderTable(client=dynamodb_client(), table=settings().jobs_table)
    return JobService(jobs=jobs, clock=SystemClock())


@cache
def poll_service() -> PollService:
    """Return the service that holds polls."""
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.polls import PollService

    return PollService(
        jobs=job_service(),
        accounts=_accounts(),
        clock=SystemClock(),
        max_hold_seconds=settings().integration_timeout_seconds - INTEGRATION_MARGIN_SECONDS,
    )


@cache
def optimization_service() -> OptimizationService:
    """Return the service that works on images."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.engine import LeanpixEngine
    from leanpix.adapters.fetching.fetcher import GuardedFetcher
    from leanpix.services.optimization import OptimizationService

    return OptimizationService(
        jobs=_jobs(),
        objects=Bucket(client=s3_client(), name=settings().bucket),
        fetcher=GuardedFetcher(may_fetch_loopback=settings().may_fetch_loopback),
        engine=LeanpixEngine(min_saved_percent=settings().min_saved_percent),
        announcer=_announcer(),
        clock=SystemClock(),
        retention_days=settings().retention_days,
    )


@cache
def give_up_service() -> GiveUpService:
    """Return the service that ends what was given up on."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.recovery import GiveUpService

    return GiveUpService(
        jobs=_jobs(),
        objects=Bucket(client=s3_client(), name=settings().bucket),
        announcer=_announcer(),
        clock=SystemClock(),
    )


@cache
def callback_service() -> CallbackService:
    """Return the service that delivers callbacks."""
    from leanpix.adapters.aws import dynamodb_client, sqs_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.callbacks import CallbacksTable
    from leanpix.adapters.fetching.fetcher import GuardedFetcher
    from leanpix.adapters.queues import SqsCallbackQueue
    from leanpix.dialects.dialect import find_dialect
    from leanpix.services.callbacks import CallbackService

    base_url, site_url = settings().base_url, settings().site_url
    return CallbackService(
        jobs=_jobs(),
        accounts=_accounts(),
        callbacks=CallbacksTable(client=dynamodb_client(), table=settings().jobs_table),
        queue=SqsCallbackQueue(
            client=sqs_client(),
            url=settings().callbacks_queue_url,
            dead_letter_url=settings().callbacks_dead_letter_queue_url,
        ),
        poster=GuardedFetcher(may_fetch_loopback=settings().may_fetch_loopback),
        clock=SystemClock(),
        renderers={
            api: partial(render, base_url=base_url, site_url=site_url)
            for api in Api
            if (render := find_dialect(api).render_callback)
        },
    )


@cache
def sweep_service() -> SweepService:
    """Return the service that heals what a crash left half done."""
    from leanpix.adapters.aws import dynamodb_client, s3_client, sqs_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.open_records import OpenRecordsTable
    from leanpix.adapters.queues import SqsImageQueue
    from leanpix.services.recovery import SweepService

    return SweepService(
        jobs=_jobs(),
        records=OpenRecordsTable(client=dynamodb_client(), table=settings().jobs_table),
        queue=SqsImageQueue(client=sqs_client(), url=settings().images_queue_url),
        uploads=Bucket(client=s3_client(), name=settings().bucket),
        announcer=_announcer(),
        giver_up=give_up_service(),
        clock=SystemClock(),
    )


@cache
def key_service() -> KeyService:
    """Return the service that tells whose key it is."""
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.keys import KeysTable
    from leanpix.services.accounts import KeyService

    keys = KeysTable(client=dynamodb_client(), table=settings().keys_table)
    return KeyService(keys=keys, clock=SystemClock())


@cache
def own_key_service() -> OwnKeyService:
    """Return the service by which an account looks after its own keys."""
    from leanpix.adapters.api_gateway import ApiGatewayKeys, find_usage_plans
    from leanpix.adapters.aws import api_gateway_client, dynamodb_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.keys import KeysTable
    from leanpix.services.keys import OwnKeyService

    gateway = api_gateway_client()
    return OwnKeyService(
        accounts=account_service(),
        keys=KeysTable(client=dynamodb_client(), table=settings().keys_table),
        copies=ApiGatewayKeys(
            client=gateway,
            find_usage_plan_ids=partial(find_usage_plans, gateway, stack=settings().stack_name),
        ),
        clock=SystemClock(),
    )


@cache
def job_list_service() -> JobListService:
    """Return the service that shows an account its jobs."""
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.job_list import JobListTable
    from leanpix.adapters.dynamodb.jobs import JobReaderTable
    from leanpix.services.jobs import JobListService

    client, table = dynamodb_client(), settings().jobs_table
    return JobListService(
        jobs=JobReaderTable(client=client, table=table),
        lister=JobListTable(client=client, table=table),
        clock=SystemClock(),
    )


@cache
def resend_service() -> ResendService:
    """Return the service that sends callbacks again."""
    from leanpix.adapters.aws import dynamodb_client, sqs_client
    from leanpix.adapters.clock import SystemClock
    from leanpix.adapters.dynamodb.callbacks import CallbacksTable
    from leanpix.adapters.queues import SqsCallbackQueue
    from leanpix.services.jobs import ResendService

    return ResendService(
        jobs=job_service(),
        callbacks=CallbacksTable(client=dynamodb_client(), table=settings().jobs_table),
        queue=SqsCallbackQueue(client=sqs_client(), url=settings().callbacks_queue_url),
        clock=SystemClock(),
    )


@cache
def account_service() -> AccountService:
    """Return the service that tells an account about itself."""
    from leanpix.services.accounts import AccountService

    return AccountService(accounts=_accounts())


@cache
def keyed_account_service() -> KeyedAccountService:
    """Return the service that tells about the account of a key."""
    from leanpix.services.accounts import KeyedAccountService

    return KeyedAccountService(keys=key_service(), accounts=account_service())


@cache
def result_service() -> ResultService:
    """Return the service that hands results out."""
    from leanpix.adapters.aws import s3_client
    from leanpix.adapters.bucket import Bucket
    from leanpix.adapters.clock import SystemClock
    from leanpix.services.results import ResultService

    return ResultService(
        results=Bucket(client=s3_client(), name=settings().bucket), clock=SystemClock()
    )


@cache
def _announcer() -> CallbackAnnouncer:
    from leanpix.adapters.aws import sqs_client
    from leanpix.adapters.queues import SqsCallbackQueue
    from leanpix.services.callbacks import CallbackAnnouncer

    queue = SqsCallbackQueue(client=sqs_client(), url=settings().callbacks_queue_url)
    return CallbackAnnouncer(jobs=_jobs(), callbacks=queue)


@cache
def _jobs() -> JobsTable:
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.dynamodb.jobs import JobsTable

    return JobsTable(client=dynamodb_client(), table=settings().jobs_table, accounts=_accounts())


@cache
def _accounts() -> AccountsTable:
    from leanpix.adapters.aws import dynamodb_client
    from leanpix.adapters.dynamodb.accounts import AccountsTable

    return AccountsTable(client=dynamodb_client(), table=settings().accounts_table)
