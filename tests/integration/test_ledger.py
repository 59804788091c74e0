"""Test the ledger's conditional writes over moto, one promise each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from leanpix.contract import ErrorName
from leanpix.domain.jobs import ImageState, Job, Outcome, Rendition
from leanpix.domain.tasks import ImageTask
from leanpix.services.ports import LeaseLostError
from tests.ledger.dynamodb import OneCallAtATime, backend_over
from tests.ledger.fakes import DAY, GAIN, NONE
from tests.ledger.world import World, upload

if TYPE_CHECKING:
    from tests.integration.conftest import Stack

SMALLER = Outcome(
    original_bytes=100,
    format="png",
    original_format="png",
    main=Rendition(file_name="a.png", format="png", bytes=40),
)
NO_GAIN = Outcome(original_bytes=100, format="png", original_format="png", reason="no_savings")


@pytest.fixture
def world(stack: Stack) -> World:
    """Return the services over moto, with an account that has three tokens of its grant."""
    client = OneCallAtATime(stack.dynamodb)
    world = World(lambda clock: backend_over(client, clock))
    world.add_account("acc_1", tokens=3)
    return world


def tokens(world: World, account_id: str = "acc_1") -> tuple[int, int]:
    """Return what is left of the grant, and of what was topped up."""
    balance = world.backend.accounts.read(account_id).current
    return balance.granted, balance.topped_up


def submit(world: World, *kinds: bytes, key: str | None = None) -> Job:
    """Submit and be accepted."""
    inputs = [upload(kind) for kind in kinds]
    job = world.submit(world.submission("acc_1", *inputs, key=key))
    assert isinstance(job, Job)
    return job


def end(world: World, job: Job, outcome: Outcome, index: int = 0) -> None:
    """Claim an image and settle it."""
    now = world.clock.now()
    image = world.backend.jobs.claim(
        ImageTask(job.job_id, index), lease_id="lease", now=now, lease_ends_at=now + 60
    )
    world.backend.jobs.settle(image, state=ImageState.DONE, outcome=outcome, now=now)


class TestTokens:
    """Tokens: charged at submit, kept or given back at the end."""

    def test_the_grant_is_spent_before_what_was_topped_up(self, world: World) -> None:
        world.top_up("acc_1", 2)
        submit(world, GAIN, GAIN, GAIN, GAIN)
        assert tokens(world) == (0, 1)

    def test_more_images_than_tokens_are_refused_whole(self, world: World) -> None:
        refused = world.submit(world.submission("acc_1", *[upload(GAIN)] * 4))
        assert refused is ErrorName.NO_TOKENS
        assert tokens(world) == (3, 0)

    def test_the_first_submit_of_a_month_brings_its_grant(self, world: World) -> None:
        world.top_up("acc_1", 2)
        submit(world, GAIN)
        world.pass_time(31 * DAY)
        assert tokens(world) == (500, 2)
        submit(world, GAIN)
        assert tokens(world) == (499, 2)
        balance = world.backend.accounts.read("acc_1").balance
        assert (balance.given_total, balance.expired_total) == (505, 2)

    def test_an_image_without_a_gain_is_given_back_to_the_grant(self, world: World) -> None:
        world.top_up("acc_1", 2)
        end(world, submit(world, NONE), NO_GAIN)
        assert tokens(world) == (3, 2)

    def test_what_is_given_back_in_a_later_month_does_not_end_with_it(self, world: World) -> None:
        late = submit(world, NONE)
        world.pass_time(31 * DAY)
        submit(world, GAIN)
        end(world, late, NO_GAIN)
        assert tokens(world) == (499, 1)

    def test_a_refund_just_after_midnight_is_not_lost_with_the_old_grant(
        self, world: World
    ) -> None:
        """Charged on 30 November at 23:59:58, refunded on 1 December at 00:00:05."""
        world.clock.time = datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC).timestamp()
        world.add_account("acc_2", tokens=500)
        job = world.submit(world.submission("acc_2", upload(NONE)))
        assert isinstance(job, Job)
        world.pass_time(7)
        end(world, job, NO_GAIN)
        account = world.backend.accounts.read("acc_2")
        assert account.tokens == 501
        assert (account.current.granted, account.current.topped_up) == (500, 1)

    def test_an_image_that_is_smaller_stays_paid_for(self, world: World) -> None:
        job = submit(world, GAIN)
        end(world, job, SMALLER)
        assert tokens(world) == (2, 0)
        found = world.backend.jobs.read(job.job_id)
        assert found.cost_tokens == 1

    def test_of_many_submits_at_once_as_many_are_accepted_as_there_are_tokens(
        self, world: World
    ) -> None:
        """Fifty, on twenty tokens."""
        world.add_account("acc_2", tokens=20)

        def try_one(_: int) -> bool:
            return isinstance(world.submit(world.submission("acc_2", upload(GAIN))), Job)

        with ThreadPoolExecutor(8) as pool:
            accepted = list(pool.map(try_one, range(50)))
        assert sum(accepted) == 20
        assert tokens(world, "acc_2") == (0, 0)


class TestLeases:
    """Leases: one worker an image."""

    def test_only_the_holder_of_the_lease_settles(self, world: World) -> None:
        job = submit(world, GAIN)
        jobs, now, task = world.backend.jobs, world.clock.now(), ImageTask(job.job_id, 0)
        slow = jobs.claim(task, lease_id="slow", now=now, lease_ends_at=now + 1)
        jobs.claim(task, lease_id="quick", now=now + 2, lease_ends_at=now + 60)
        with pytest.raises(LeaseLostError):
            jobs.settle(slow, state=ImageState.DONE, outcome=NO_GAIN, now=now + 3)
        assert tokens(world) == (2, 0)

    def test_an_image_ends_once(self, world: World) -> None:
        job = submit(world, NONE)
        end(world, job, NO_GAIN)
        assert not world.backend.jobs.fail(ImageTask(job.job_id, 0), reason="x", now=0)
        assert tokens(world) == (3, 0)

    def test_an_ended_image_leaves_the_index_of_open_ones(self, world: World) -> None:
        end(world, submit(world, NONE), NO_GAIN)
        world.pass_time(DAY)
        assert list(world.backend.records.find_due(now=world.clock.now())) == []


class TestIdempotencyKeys:
    """Submits that are sent again."""

    def test_the_same_again_is_the_same_job_and_costs_nothing(self, world: World) -> None:
        first = submit(world, GAIN, key="key")
        assert submit(world, GAIN, key="key").job_id == first.job_id
        assert tokens(world) == (2, 0)

    def test_the_same_again_is_answered_even_with_no_token_left(self, world: World) -> None:
        first = submit(world, GAIN, GAIN, GAIN, key="key")
        assert submit(world, GAIN, GAIN, GAIN, key="key").job_id == first.job_id

    def test_another_request_by_the_same_key_is_a_conflict(self, world: World) -> None:
        submit(world, GAIN, key="key")
        other = world.submission("acc_1", upload(NONE), key="key")
        assert world.submit(other) is ErrorName.IDEMPOTENCY_CONFLICT
        assert tokens(world) == (2, 0)

    def test_another_accounts_key_is_another_key(self, world: World) -> None:
        world.add_account("acc_2", tokens=3)
        first = submit(world, GAIN, key="key")
        other = world.submit(world.submission("acc_2", upload(GAIN), key="key"))
        assert isinstance(other, Job)
        assert other.job_id != first.job_id

    def test_a_key_is_forgotten_after_a_day(self, world: World) -> None:
        first = submit(world, GAIN, key="key")
        world.pass_time(DAY + 1)
        assert submit(world, NONE, key="key").job_id != first.job_id

    def test_of_the_same_at_once_one_is_charged_and_all_get_its_id(self, world: World) -> None:
        """Nobody has seen the key when they look; the transaction decides."""
        with ThreadPoolExecutor(6) as pool:
            jobs = list(pool.map(lambda _: submit(world, GAIN, key="key"), range(6)))
        assert len({job.job_id for job in jobs}) == 1
        assert tokens(world) == (2, 0)
