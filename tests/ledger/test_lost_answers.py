"""Test submits whose record was made although nobody said so, or whose time ran out after it."""

from __future__ import annotations

import pytest

from leanpix.domain.jobs import ImageState, Job
from leanpix.services import submissions
from leanpix.services.ports import AnswerLostError, IdTakenError
from tests.handlers import House, form
from tests.ledger.fakes import GAIN
from tests.ledger.world import Backend, World, upload

SUBMITS = [
    ("/v1/optimize", [('name="type"', b"file")], "file", 202),
    ("/api/optimize", [], "image", 200),
]


@pytest.fixture
def world() -> World:
    """Return the services, with an account that has three tokens."""
    world = World(Backend.in_memory)
    world.add_account("acc_1", tokens=3)
    return world


def test_a_job_that_was_recorded_is_accepted_although_its_answer_was_lost(world: World) -> None:
    world.faults.arm(0, after=True, target="Jobs.create", error=AnswerLostError)
    job = world.submit(world.submission("acc_1", upload(GAIN)))
    assert isinstance(job, Job)
    assert world.backend.accounts.read("acc_1").tokens == 2
    world.deliver()
    assert world.backend.jobs.read(job.job_id).images[0].state is ImageState.DONE


def test_a_job_that_was_not_recorded_is_a_fault_and_costs_nothing(world: World) -> None:
    world.faults.arm(0, after=False, target="Jobs.create", error=AnswerLostError)
    with pytest.raises(AnswerLostError):
        world.submit(world.submission("acc_1", upload(GAIN)))
    assert world.backend.accounts.read("acc_1").tokens == 3


@pytest.mark.parametrize("error", [AnswerLostError, IdTakenError])
def test_another_job_under_the_same_id_is_not_taken_for_this_one(
    world: World, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(submissions, "make_job_id", lambda: 7)
    world.submit(world.submission("acc_1", upload(GAIN)))
    world.faults.arm(0, after=False, target="Jobs.create", error=error)
    with pytest.raises((AnswerLostError, AssertionError)):
        assert isinstance(world.submit(world.submission("acc_1", upload(GAIN))), Job)
    assert world.backend.accounts.read("acc_1").tokens == 2


@pytest.mark.parametrize(("path", "parts", "field", "status"), SUBMITS)
def test_the_client_is_told_the_id(
    path: str, parts: list[tuple[str, bytes]], field: str, status: int
) -> None:
    house = House(tokens=3)
    body, headers = form([*parts, (f'name="{field}"; filename="a.png"', b"gain:1")])
    house.world.faults.arm(0, after=True, target="Jobs.create", error=AnswerLostError)
    assert house.call("POST", path, body=body, headers=headers).status == status
