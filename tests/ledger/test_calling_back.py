"""Test callbacks: after a job has ended, until they are taken."""

from __future__ import annotations

import itertools

import pytest

from leanpix.domain.callbacks import CALLBACK_PAUSES_SECONDS, Callback, CallbackState
from leanpix.domain.jobs import Job
from leanpix.domain.tasks import CallbackTask
from leanpix.services.ports import LeaseLostError
from tests.ledger.fakes import NONE, OURS
from tests.ledger.world import Backend, World, upload


@pytest.fixture
def world() -> World:
    """Return the services, with an account."""
    world = World(Backend.in_memory)
    world.add_account("acc_1", tokens=10)
    return world


def submit(world: World, *kinds: bytes) -> Job:
    inputs = [upload(kind) for kind in kinds]
    job = world.submit(world.submission("acc_1", *inputs, callback=True))
    assert isinstance(job, Job)
    return job


def callback(world: World, job: Job) -> Callback:
    found: Job = world.backend.jobs.read(job.job_id)
    assert found.callback is not None
    return found.callback


def test_it_is_queued_as_the_last_image_ends(world: World) -> None:
    submit(world, NONE, NONE)
    world.deliver()
    assert world.callbacks.messages == []
    world.deliver()
    assert len(world.callbacks.messages) == 1


def test_it_is_queued_also_where_the_last_image_fails(world: World) -> None:
    job = submit(world, OURS)
    world.deliver()
    assert world.deliver_callback()
    assert callback(world, job).state is CallbackState.DELIVERED


def test_a_job_without_a_callback_url_owes_none(world: World) -> None:
    world.submit(world.submission("acc_1", upload(NONE)))
    world.deliver()
    assert world.callbacks.messages == []


def test_a_refused_one_comes_again_after_ever_longer_pauses(world: World) -> None:
    job = submit(world, NONE)
    world.deliver()
    world.poster.refusals = 1_000
    tried_at = []
    for _ in range(2 * 3_600):
        if world.deliver_callback():
            tried_at.append(world.clock.now())
        world.pass_time(10)
        if world.clock.now() % 60 == 0:
            world.sweep()
        if not callback(world, job).is_pending:
            break
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried_at)]
    assert len(tried_at) == len(CALLBACK_PAUSES_SECONDS) + 1
    for pause, least in zip(pauses, CALLBACK_PAUSES_SECONDS, strict=True):
        assert least <= pause <= least + 200


def test_one_that_is_never_taken_fails_and_is_among_the_dead_letters(world: World) -> None:
    job = submit(world, NONE)
    world.deliver()
    world.poster.refusals = 1_000
    for attempts in range(len(CALLBACK_PAUSES_SECONDS) + 1):
        task = CallbackTask(job.job_id, attempts)
        world.callback_service.call_back(task, seconds_left=29)
    assert callback(world, job).state is CallbackState.FAILED
    assert len(callback(world, job).deliveries) == len(CALLBACK_PAUSES_SECONDS) + 1
    assert len(world.callbacks.dead) == 1


def test_a_message_that_comes_twice_calls_once(world: World) -> None:
    submit(world, NONE)
    world.deliver()
    world.deliver_callback(twice=True)
    world.pass_time(61)
    world.deliver_callback()
    assert len(world.poster.accepted) == 1


def test_one_that_another_worker_delivers_is_left_to_it(world: World) -> None:
    job = submit(world, NONE)
    world.deliver()
    task, now = CallbackTask(job.job_id, 0), world.clock.now()
    world.backend.callbacks.claim_callback(task, lease_id="other", now=now, lease_ends_at=now + 29)
    with pytest.raises(LeaseLostError):
        world.callback_service.call_back(task, seconds_left=29)
    world.pass_time(30)
    assert world.callback_service.call_back(task, seconds_left=29) is CallbackState.DELIVERED


def test_each_try_is_logged_on_the_job(world: World) -> None:
    job = submit(world, NONE)
    world.deliver()
    world.poster.refusals = 1
    world.deliver_callback()
    world.pass_time(61)
    world.deliver_callback()
    assert [delivery.status for delivery in callback(world, job).deliveries] == [503, 200]
