"""The rules that hold once nothing more happens."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from leanpix.contract import PLANS, ErrorName
from leanpix.domain.callbacks import CallbackState
from leanpix.domain.errors import LeanpixError
from leanpix.domain.results import result_object_key, upload_object_key
from tests.ledger.fakes import DAY

if TYPE_CHECKING:
    from leanpix.domain.accounts import Account
    from leanpix.domain.jobs import Image, Job
    from tests.ledger.world import World


def check(world: World) -> None:
    """Check everything that must hold once nothing more happens."""
    jobs = world.jobs()
    on_record = {job.job_id: job for job in jobs}
    for entry in world.accepted:
        assert entry.job_id in on_record, "an accepted job is on record"
    by_account: dict[str, list[Image]] = defaultdict(list)
    for job in jobs:
        _check_job(world, job)
        by_account[job.account_id].extend(job.images)
    for account_id in world.accounts:
        _check_account(world, account_id, by_account[account_id])
    _check_uploads(world, on_record)


def _check_job(world: World, job: Job) -> None:
    for image in job.images:
        assert image.state.is_final, "every accepted image ended"
        if image.outcome and image.outcome.main:
            key = result_object_key(image.public_id, image.outcome.main.file_name)
            assert key in world.objects.files, "what is paid for can be downloaded"
    if job.callback:
        assert not job.callback.is_pending, "every callback ended"
        if world.expects_delivery:
            assert job.callback.state is CallbackState.DELIVERED
            assert job.job_id in world.poster.accepted
    for other in world.accounts:
        if other != job.account_id:
            _check_unreadable(world, job, other)


def _check_unreadable(world: World, job: Job, other: str) -> None:
    at, world.clock.time = world.clock.time, job.created_at
    with pytest.raises(LeanpixError) as refused:
        world.poll_service.wait(job.job_id, account_id=other, wait_seconds=0)
    assert refused.value.name is ErrorName.NOT_YOUR_JOB
    world.clock.time = at


def _check_account(world: World, account_id: str, images: list[Image]) -> None:
    account: Account = world.backend.accounts.read(account_id)
    cost = sum(image.cost_tokens for image in images)
    balance = account.balance
    assert balance.tokens >= 0
    assert balance.topped_up >= 0
    if world.accounts[account_id] < 0:
        assert (account.tokens, cost) == (-1, 0), "an unlimited account is never charged"
    else:
        kept = balance.given_total - balance.expired_total - balance.tokens
        assert kept == cost, "tokens = granted - images kept"
        _check_given(world, account_id, account)
    usage = world.backend.accounts.read_usage(account_id)
    counted = [image for image in images if not image.is_free]
    optimized = [image for image in counted if image.outcome and image.outcome.main]
    assert sum(month.images for month in usage) == len(counted)
    assert sum(month.optimized_images for month in usage) == len(optimized)
    assert sum(month.charged_tokens for month in usage) == cost
    for month in usage:
        days = world.backend.accounts.read_days(account_id, month.month)
        assert sum(day.images for day in days) == month.images
        assert sum(day.bytes_out for day in days) == month.bytes_out
    assert sum(month.bytes_in for month in usage) == sum(
        image.outcome.original_bytes for image in counted if image.outcome
    )


def _check_given(world: World, account_id: str, account: Account) -> None:
    """Check that no tokens were granted but the first, the months', and the sold ones."""
    given = account.balance.given_total - world.accounts[account_id]
    grants, rest = divmod(given - world.topped_up[account_id], PLANS[account.plan].monthly_tokens)
    months = (world.clock.now() - world.began_at) / (28 * DAY)
    assert rest == 0
    assert 0 <= grants <= months + 1
    assert account.balance.expired_total <= given - world.topped_up[account_id] + max(
        0, world.accounts[account_id]
    )


def _check_uploads(world: World, on_record: dict[int, Job]) -> None:
    images = [image for job in on_record.values() for image in job.images]
    used = {image.source.object_key for image in images if hasattr(image.source, "object_key")}
    # A fetched source is kept where other results may be made of it.
    used |= {upload_object_key(image.public_id) for image in images if image.keeps_source}
    left = {key for key in world.objects.files if key.startswith("uploads/")}
    assert left <= used, "an upload that no job uses is swept"
