"""Grant each function what it does, on exactly what it does it to.

A transaction needs the right of each item's own action. tests/infra/test_least_privilege.py
compares these grants with what the functions call.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Aws

from infra.functions import Functions
from infra.queues import Queues
from infra.storage import Storage
from leanpix import contract


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resources:
    """The ARNs that grants name."""

    jobs: str
    open_records: str
    jobs_by_account: str
    keys_by_account: str
    keys: str
    accounts: str
    bucket: str
    uploads: str
    results: str
    images: str
    callbacks: str
    dead_callbacks: str


def grant_all(functions: Functions, *, storage: Storage, queues: Queues) -> None:
    """Say who may do what."""
    jobs = storage.jobs.table_arn
    to = _Resources(
        jobs=jobs,
        open_records=f"{jobs}/index/{contract.OPEN_RECORDS_INDEX}",
        jobs_by_account=f"{jobs}/index/{contract.JOBS_BY_ACCOUNT_INDEX}",
        keys_by_account=f"{storage.keys.table_arn}/index/{contract.KEYS_BY_ACCOUNT_INDEX}",
        keys=storage.keys.table_arn,
        accounts=storage.accounts.table_arn,
        bucket=storage.bucket.bucket_arn,
        uploads=storage.bucket.arn_for_objects(f"{contract.UPLOADS_PREFIX}*"),
        results=storage.bucket.arn_for_objects(f"{contract.RESULTS_PREFIX}*"),
        images=queues.images.queue_arn,
        callbacks=queues.callbacks.queue_arn,
        dead_callbacks=queues.dead_callbacks.queue_arn,
    )
    # The first call of a day is noted with its key.
    functions.allow("authorizer", ["dynamodb:GetItem", "dynamodb:UpdateItem"], to.keys)
    _grant_submits(functions, to)
    _grant_reads(functions, to)
    _grant_tinify(functions, to)
    _grant_own(functions, to)
    _grant_optimizer(functions, to)
    _grant_recovery(functions, to)
    _grant_callbacks(functions, to)


def _grant_submits(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    for name in ("submit", "tinyjpg_submit", "tinify_shrink", "tinify_output"):
        # A client's idempotency key is looked up, and the job that it led to.
        allow(name, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], to.jobs)
        allow(name, ["dynamodb:Query", "dynamodb:UpdateItem"], to.accounts)
    # Direct uploads are looked up when they are named.
    allow("submit", ["s3:GetObject", "s3:PutObject"], to.uploads)
    for name in ("tinyjpg_submit", "tinify_shrink"):
        allow(name, ["s3:PutObject"], to.uploads)
    for name in ("submit", "tinyjpg_submit", "tinify_shrink", "tinify_output"):
        allow(name, ["sqs:SendMessage"], to.images)
    # Who signs a direct upload needs the right that it lends.
    allow("uploads", ["s3:PutObject"], to.uploads)


def _grant_reads(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    allow("result", ["dynamodb:Query"], to.jobs)
    allow("result", ["dynamodb:Query"], to.accounts)
    allow("tinyjpg_status", ["dynamodb:Query"], to.jobs)
    allow("account", ["dynamodb:Query"], to.accounts)
    allow("tinyjpg_account", ["dynamodb:Query"], to.accounts)
    allow("image", ["s3:GetObject"], to.results)
    allow("image", ["s3:GetObject"], to.uploads)


def _grant_tinify(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    allow("tinify_output", ["s3:GetObject"], to.results)
    allow("tinify_account", ["dynamodb:Query"], to.accounts)
    allow("tinify_account", ["dynamodb:GetItem", "dynamodb:UpdateItem"], to.keys)


def _grant_own(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    # A callback that is sent again is owed again first.
    allow("jobs", ["dynamodb:Query", "dynamodb:UpdateItem"], to.jobs)
    allow("jobs", ["dynamodb:Query"], to.jobs_by_account)
    allow("jobs", ["sqs:SendMessage"], to.callbacks)
    allow("usage", ["dynamodb:Query"], to.accounts)
    allow("keys", ["dynamodb:Query"], to.accounts)
    allow("keys", ["dynamodb:PutItem", "dynamodb:UpdateItem"], to.keys)
    allow("keys", ["dynamodb:Query"], to.keys_by_account)
    # API Gateway names its rights by HTTP methods, and has no ARN of one key before there is one.
    # A policy that named the usage plans would wait for them, and they wait for the functions.
    gateway = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::"
    allow("keys", ["apigateway:GET"], f"{gateway}/usageplans")
    allow("keys", ["apigateway:POST"], f"{gateway}/apikeys", f"{gateway}/usageplans/*/keys")
    allow("keys", ["apigateway:DELETE"], f"{gateway}/apikeys/*")


def _grant_optimizer(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    # Whoever ends a job's last image reads the job to queue its callback.
    allow("optimizer", ["dynamodb:Query", "dynamodb:UpdateItem"], to.jobs)
    allow("optimizer", ["sqs:SendMessage"], to.callbacks)
    allow("optimizer", ["dynamodb:UpdateItem"], to.accounts)
    # A fetched source is kept where other results may be made of it; what came with a request
    # goes once its image has ended, where none may.
    allow("optimizer", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], to.uploads)
    allow("optimizer", ["s3:PutObject"], to.results)


def _grant_recovery(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    for name in ("dead_letters", "sweeper"):
        allow(name, ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"], to.jobs)
        allow(name, ["dynamodb:UpdateItem"], to.accounts)
        allow(name, ["sqs:SendMessage"], to.callbacks)
        # An image that was given up is marked, so that its link asks for no other try.
        allow(name, ["s3:PutObject"], to.results)
    allow("sweeper", ["dynamodb:Query"], to.open_records)
    allow("sweeper", ["sqs:GetQueueAttributes", "sqs:SendMessage"], to.images)
    allow("sweeper", ["s3:ListBucket"], to.bucket)
    allow("sweeper", ["s3:DeleteObject", "s3:GetObject"], to.uploads)


def _grant_callbacks(functions: Functions, to: _Resources) -> None:
    allow = functions.allow
    allow("callbacks", ["dynamodb:Query", "dynamodb:UpdateItem"], to.jobs)
    allow("callbacks", ["dynamodb:Query"], to.accounts)
    allow("callbacks", ["sqs:SendMessage"], to.callbacks, to.dead_callbacks)
