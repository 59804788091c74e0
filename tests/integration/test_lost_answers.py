"""Test what adapters make of answers that never came, and of a time that is up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ReadTimeoutError

from leanpix import deadline
from leanpix.adapters import aws
from leanpix.adapters.dynamodb.jobs import JobsTable
from leanpix.adapters.queues import SqsCallbackQueue, SqsImageQueue
from leanpix.domain.jobs import Job
from leanpix.domain.tasks import CallbackTask, ImageTask
from leanpix.services.ports import AnswerLostError, QueueFailedError
from tests.ledger.dynamodb import backend_over
from tests.ledger.fakes import GAIN
from tests.ledger.world import World, upload

if TYPE_CHECKING:
    from tests.integration.conftest import Stack


class Deaf:
    """A client whose writes are done and whose answers are lost."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **named: Any) -> None:
        """Write, and lose the answer."""
        self._client.transact_write_items(**named)
        raise ReadTimeoutError(endpoint_url="https://dynamodb")


@pytest.fixture
def world(stack: Stack) -> World:
    """Return the services over moto, with an account."""
    world = World(lambda clock: backend_over(stack.dynamodb, clock))
    world.add_account("acc_1", tokens=3)
    return world


def test_a_transaction_whose_answer_is_lost_may_have_been_done(world: World, stack: Stack) -> None:
    job = world.submit(world.submission("acc_1", upload(GAIN)))
    assert isinstance(job, Job)
    deaf: Any = Deaf(stack.dynamodb)
    jobs = JobsTable(client=deaf, table="jobs", accounts=stack.accounts)
    account = world.backend.accounts.read("acc_1")
    with pytest.raises(AnswerLostError):
        jobs.create(_again(job), account=account)
    assert world.backend.jobs.read(_again(job).job_id) is not None


def test_a_submit_over_a_deaf_client_is_accepted_and_charged_once(stack: Stack) -> None:
    world = World(lambda clock: backend_over(Deaf(stack.dynamodb), clock))
    world.add_account("acc_1", tokens=3)
    job = world.submit(world.submission("acc_1", upload(GAIN)))
    assert isinstance(job, Job)
    assert world.backend.accounts.read("acc_1").tokens == 2


def test_a_transaction_for_which_no_time_is_left_may_have_been_done_by_an_earlier_try(
    world: World, stack: Stack
) -> None:
    jobs = JobsTable(
        client=aws._keeping_time(stack.dynamodb), table="jobs", accounts=stack.accounts
    )
    job = world.submit(world.submission("acc_1", upload(GAIN)))
    assert isinstance(job, Job)
    account = world.backend.accounts.read("acc_1")
    deadline.begin(0)
    with pytest.raises(AnswerLostError):
        jobs.create(_again(job), account=account)


def test_a_message_for_which_no_time_is_left_is_the_sweepers(stack: Stack) -> None:
    images = SqsImageQueue(client=aws._keeping_time(stack.sqs), url=stack.queue_url)
    callbacks = SqsCallbackQueue(client=stack.sqs, url=stack.callbacks_url)
    deadline.begin(0)
    with pytest.raises(QueueFailedError):
        images.send([ImageTask(1, 0)], account_id="acc_1")
    with pytest.raises(QueueFailedError):
        callbacks.send_callback(CallbackTask(1, 0), account_id="acc_1")


def _again(job: Job) -> Job:
    """Return the job under an id of its own."""
    images = tuple(replace(image, job_id=job.job_id + 1) for image in job.images)
    return replace(job, job_id=job.job_id + 1, images=images)
