"""Test what the sweeper heals and what it leaves alone."""

from __future__ import annotations

import pytest

from leanpix.contract import MAX_ATTEMPTS, MAX_OPEN_SECONDS
from leanpix.domain.jobs import ImageState, Job
from leanpix.domain.tasks import ImageTask
from leanpix.services.ports import DeadlineError
from leanpix.services.recovery import SweepReport
from tests.ledger.fakes import DAY, GAIN, HOUR, NONE
from tests.ledger.world import Backend, World, direct_upload, upload


@pytest.fixture
def world() -> World:
    """Return the services, with an account that has ten tokens."""
    world = World(Backend.in_memory)
    world.add_account("acc_1", tokens=10)
    return world


def submit(world: World, *kinds: bytes, callback: bool = False) -> Job:
    inputs = [upload(kind) for kind in kinds]
    job = world.submit(world.submission("acc_1", *inputs, callback=callback))
    assert isinstance(job, Job)
    return job


def sweep(world: World) -> SweepReport:
    report = world.sweep()
    assert report is not None
    return report


def claim(world: World, job: Job) -> None:
    now = world.clock.now()
    world.backend.jobs.claim(
        ImageTask(job.job_id, 0), lease_id="dead", now=now, lease_ends_at=now + 119
    )


def state(world: World, job: Job) -> ImageState:
    found: Job = world.backend.jobs.read(job.job_id)
    return found.images[0].state


def test_a_record_without_message_is_sent_one_after_a_minute(world: World) -> None:
    submit(world, GAIN)
    world.images.messages.clear()
    assert sweep(world).resent == 0
    world.pass_time(60)
    assert sweep(world).resent == 1
    assert len(world.images.messages) == 1


def test_looks_become_rarer(world: World) -> None:
    """Each time after twice as long."""
    submit(world, GAIN)
    looked_at = []
    for minute in range(1, 20):
        world.images.messages.clear()
        world.pass_time(60)
        if sweep(world).resent:
            looked_at.append(minute)
    assert looked_at == [1, 2, 4, 8, 16]


def test_no_message_is_added_while_the_optimizer_is_behind(world: World) -> None:
    submit(world, GAIN)
    world.pass_time(60)
    report = sweep(world)
    assert (report.resent, report.postponed) == (0, 1)
    assert len(world.images.messages) == 1


def test_after_a_quarter_of_an_hour_it_is_added_even_so(world: World) -> None:
    submit(world, GAIN)
    for _ in range(16):
        world.pass_time(60)
        sweep(world)
    assert len(world.images.messages) > 1


def test_an_image_that_is_worked_on_is_left_to_its_worker(world: World) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    claim(world, job)
    world.pass_time(60)
    report = sweep(world)
    assert (report.resent, report.postponed) == (0, 1)


def test_an_image_whose_worker_died_is_sent_again(world: World) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    claim(world, job)
    world.pass_time(200)
    assert sweep(world).resent == 1
    world.deliver()
    assert state(world, job) is ImageState.DONE


def test_an_image_that_waited_for_too_long_fails_and_is_paid_back(world: World) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    world.pass_time(MAX_OPEN_SECONDS)
    assert sweep(world).given_up == 1
    assert state(world, job) is ImageState.FAILED
    assert world.backend.accounts.read("acc_1").tokens == 10


def test_an_image_that_was_tried_too_often_fails(world: World) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    for _ in range(MAX_ATTEMPTS):
        claim(world, job)
        world.pass_time(120)
    assert sweep(world).given_up == 1
    assert state(world, job) is ImageState.FAILED


def test_a_callback_that_was_not_queued_is_queued_after_five_minutes(world: World) -> None:
    submit(world, NONE, callback=True)
    world.deliver()
    world.callbacks.messages.clear()
    world.pass_time(300)
    assert sweep(world).announced == 1
    assert len(world.callbacks.messages) == 1


def test_an_upload_without_a_record_is_deleted_after_a_day(world: World) -> None:
    world.faults.arm(0, after=False, target="Jobs.create")
    world.submit(world.submission("acc_1", upload(GAIN)))
    world.faults.disarm()
    world.pass_time(DAY - HOUR)
    assert sweep(world).uploads_deleted == 0
    world.pass_time(2 * HOUR)
    assert sweep(world).uploads_deleted == 1
    assert world.objects.files == {}


def test_a_direct_upload_is_deleted_unless_a_job_was_made_of_it(world: World) -> None:
    used = direct_upload(world, "acc_1", GAIN)
    direct_upload(world, "acc_1", GAIN)
    world.submit(world.submission("acc_1", used))
    world.deliver()
    world.pass_time(DAY + HOUR)
    assert sweep(world).uploads_deleted == 1
    left = [key for key in world.objects.files if key.startswith("uploads/")]
    assert [key.split("/")[1] for key in left] == [used.upload_id]


def test_uploads_are_looked_at_once(world: World) -> None:
    submit(world, GAIN)
    world.deliver()
    world.pass_time(DAY + HOUR)
    sweep(world)
    world.faults.seen.clear()
    sweep(world)
    assert "Uploads.read_job_id" not in world.faults.seen


def test_an_unreadable_record_is_put_off_and_the_rest_is_healed(world: World) -> None:
    submit(world, GAIN)
    submit(world, GAIN)
    world.images.messages.clear()
    world.pass_time(60)
    world.faults.arm(0, after=False, target="Jobs.read", error=ValueError)
    report = sweep(world)
    assert (report.unreadable, report.resent, report.has_finished) == (1, 1, True)
    world.images.messages.clear()
    world.pass_time(60)
    report = sweep(world)
    assert (report.unreadable, report.resent) == (0, 1)
    world.pass_time(HOUR)
    assert sweep(world).resent == 2


def test_a_record_that_can_not_even_be_put_off_ends_no_sweep(world: World) -> None:
    submit(world, GAIN)
    submit(world, GAIN)
    world.images.messages.clear()
    world.pass_time(60)
    world.faults.arm(0, after=False, target="OpenRecords.postpone", error=ValueError)
    report = sweep(world)
    assert (report.unreadable, report.resent) == (1, 2)


def test_a_record_without_a_job_is_told_once_an_hour(world: World) -> None:
    job = submit(world, GAIN)
    world.images.messages.clear()
    del world.backend.jobs.jobs[job.job_id]
    world.pass_time(60)
    assert sweep(world).anomalies == 1
    world.pass_time(60)
    assert sweep(world).anomalies == 0
    world.pass_time(HOUR)
    assert sweep(world).anomalies == 1


def test_an_upload_that_cannot_be_looked_at_ends_no_sweep(world: World) -> None:
    for _ in range(2):
        direct_upload(world, "acc_1", GAIN)
        world.pass_time(1)
    world.pass_time(DAY + HOUR)
    world.faults.arm(0, after=False, target="Uploads.read_job_id", error=ValueError)
    report = sweep(world)
    assert (report.unreadable, report.uploads_deleted) == (1, 1)


def test_a_sweep_that_is_out_of_time_ends_and_blames_no_record(world: World) -> None:
    submit(world, GAIN)
    world.images.messages.clear()
    world.pass_time(60)
    world.faults.arm(0, after=False, target="Jobs.read", error=DeadlineError)
    report = sweep(world)
    assert (report.unreadable, report.has_finished) == (0, False)


def test_what_there_is_no_time_for_is_left_to_the_next_run(world: World) -> None:
    submit(world, GAIN, GAIN)
    world.images.messages.clear()
    world.pass_time(60)
    report = world.sweep_service.sweep(seconds_left=0)
    assert (report.resent, report.has_finished) == (0, False)
