"""Test that records which are large, damaged or half deleted are read for what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanpix.adapters.dynamodb.items import image_key, job_key, to_item
from leanpix.contract import ErrorName, MetricName
from leanpix.domain.callbacks import CallbackState, Delivery
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Job
from leanpix.domain.recovery import shard_of
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.ports import LeaseLostError
from tests.ledger.dynamodb import backend_over
from tests.ledger.fakes import GAIN, NONE
from tests.ledger.world import World, upload

if TYPE_CHECKING:
    from tests.integration.conftest import Stack


@pytest.fixture
def world(stack: Stack) -> World:
    """Return the services over moto, with an account."""
    world = World(lambda clock: backend_over(stack.dynamodb, clock))
    world.add_account("acc_1", tokens=10)
    return world


def submit(world: World, *kinds: bytes, callback: bool = False) -> Job:
    """Submit and be accepted."""
    inputs = [upload(kind) for kind in kinds]
    job = world.submit(world.submission("acc_1", *inputs, callback=callback))
    assert isinstance(job, Job)
    return job


def test_a_job_larger_than_a_page_is_read_whole(world: World, stack: Stack) -> None:
    """DynamoDB ends a page of a Query at 1 MB."""
    job = submit(world, *[GAIN] * 5)
    for index in range(5):
        stack.dynamodb.update_item(
            TableName="jobs",
            Key=image_key(job.job_id, index),
            UpdateExpression="SET padding = :padding",
            ExpressionAttributeValues=to_item({":padding": "x" * 300_000}),
        )
    found = world.backend.jobs.read(job.job_id)
    assert [image.index for image in found.images] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("deleted", ["job", 0, 2])
def test_a_job_of_which_a_part_is_deleted_is_not_found(
    world: World, stack: Stack, deleted: str | int
) -> None:
    """DynamoDB deletes expired items one by one, in any order."""
    job = submit(world, GAIN, GAIN, GAIN)
    key = job_key(job.job_id) if deleted == "job" else image_key(job.job_id, int(deleted))
    stack.dynamodb.delete_item(TableName="jobs", Key=key)
    with pytest.raises(LeanpixError) as missing:
        world.poll_service.wait(job.job_id, account_id="acc_1", wait_seconds=0)
    assert missing.value.name is ErrorName.JOB_NOT_FOUND


def test_a_damaged_record_leaves_the_others_of_its_sweep_alone(world: World, stack: Stack) -> None:
    damaged, sound = submit(world, GAIN), submit(world, GAIN)
    world.images.messages.clear()
    stack.dynamodb.update_item(
        TableName="jobs",
        Key=image_key(damaged.job_id, 0),
        UpdateExpression="REMOVE account_id",
    )
    world.pass_time(61)
    report = world.sweep()
    assert report
    assert (report.unreadable, report.resent) == (1, 1)
    assert [message.task for message in world.images.messages] == [ImageTask(sound.job_id, 0)]
    world.pass_time(61)
    again = world.sweep()
    assert again
    assert again.unreadable == 0


def test_an_open_record_with_an_unknown_key_is_counted_and_put_off(
    world: World, stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    shard = shard_of(job.job_id)
    strange = {"job_id": str(job.job_id), "part": "image#none", "open_shard": shard, "due_at": 1}
    stack.dynamodb.put_item(TableName="jobs", Item=to_item(strange))
    world.pass_time(61)
    report = world.sweep()
    assert report
    assert report.resent == 1
    assert MetricName.UNREADABLE_RECORDS in capsys.readouterr().out
    world.pass_time(61)
    world.sweep()
    assert MetricName.UNREADABLE_RECORDS not in capsys.readouterr().out


class TestOpenRecords:
    """The index of what has not ended."""

    def test_what_is_not_due_yet_is_not_found(self, world: World) -> None:
        submit(world, GAIN)
        now = world.clock.now()
        assert list(world.backend.records.find_due(now=now + 59)) == []
        assert len(list(world.backend.records.find_due(now=now + 60))) == 1

    def test_an_ended_image_is_not_put_off_nor_found_again(
        self, world: World, stack: Stack
    ) -> None:
        """A sweep may hold a record that has ended since it was found."""
        job = submit(world, NONE)
        (record,) = world.backend.records.find_due(now=world.clock.now() + 60)
        world.deliver()
        world.backend.records.postpone(record, due_at=world.clock.now() + 600)
        answer = stack.dynamodb.get_item(TableName="jobs", Key=image_key(job.job_id, 0))
        assert not {"due_at", "looks", "open_shard"} & set(answer["Item"])


class TestCallbacks:
    """The claims of callbacks, by conditional writes."""

    def test_one_that_is_claimed_is_left_to_its_worker_until_the_lease_ends(
        self, world: World
    ) -> None:
        job = self.ended(world)
        callbacks, now, task = world.backend.callbacks, world.clock.now(), CallbackTask(job, 0)
        ends_at = now + 29
        assert callbacks.claim_callback(task, lease_id="a", now=now, lease_ends_at=ends_at)
        with pytest.raises(LeaseLostError):
            callbacks.claim_callback(task, lease_id="b", now=now + 28, lease_ends_at=now + 60)
        assert callbacks.claim_callback(task, lease_id="b", now=ends_at, lease_ends_at=now + 60)

    def test_only_the_holder_of_the_lease_logs_its_try(self, world: World) -> None:
        job = self.ended(world)
        callbacks, now, task = world.backend.callbacks, world.clock.now(), CallbackTask(job, 0)
        callbacks.claim_callback(task, lease_id="slow", now=now, lease_ends_at=now + 1)
        callbacks.claim_callback(task, lease_id="quick", now=now + 2, lease_ends_at=now + 60)
        delivery = Delivery(at=now + 3, status=200)
        with pytest.raises(LeaseLostError):
            callbacks.log_delivery(
                job, lease_id="slow", delivery=delivery, state=CallbackState.DELIVERED, due_at=None
            )
        callback = world.backend.jobs.read(job).callback
        assert (callback.state, callback.deliveries) == (CallbackState.PENDING, ())

    def test_one_that_was_tried_since_is_not_owed_for_that_try(self, world: World) -> None:
        job = self.ended(world)
        late = CallbackTask(job, 1)
        now = world.clock.now()
        assert not world.backend.callbacks.claim_callback(
            late, lease_id="a", now=now, lease_ends_at=now + 29
        )

    def test_one_that_has_not_failed_is_not_begun_anew(self, world: World) -> None:
        job = self.ended(world)
        reopened = world.backend.callbacks.reopen_callback(job, due_at=world.clock.now())
        assert reopened is False

    @staticmethod
    def ended(world: World) -> int:
        """Return a job that has ended and owes a call."""
        job = submit(world, NONE, callback=True)
        world.deliver()
        return job.job_id
