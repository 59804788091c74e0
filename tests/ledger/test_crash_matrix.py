"""Test that a death before or after each call to a port loses nothing.

One history makes every call there is. For each call, by name, it runs twice more: with the
process dying just before the call's effect, and just after it. A port or a method that is new
fails here until the history makes the call, or `HARMLESS` says why it need not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanpix.domain.jobs import ImageState, Job
from leanpix.services.ports import QueueFailedError
from tests.ledger.dynamodb import ledger_in_dynamodb, spread_ledger_in_dynamodb
from tests.ledger.fakes import DAY, GAIN, NONE, OURS, POISON, SLOW
from tests.ledger.faults import Faults, ports_of
from tests.ledger.world import Backend, World, direct_upload, link, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ledger.fakes import HandClock

HARMLESS = {
    "Accounts.read_days": "reads what is shown, and nothing follows from it",
    "Accounts.read_usage": "reads what is shown, and nothing follows from it",
    "Clock.now": "the process's own clock",
    "Clock.sleep": "the process's own clock",
    "Deliverer.deliver": "copies a result that is on record; nothing is written here",
    "DirectUploads.grant": "signs a form; nothing is written",
    "JobLister.list_jobs": "reads what is shown, and nothing follows from it",
    "JobReader.read": "a part of Jobs, for services that only read",
    "Keys.look_up": "the authorizer's read, and nothing follows from it",
    "Keys.note_use": "a note for people, and nothing follows from it",
    "Prober.probe": "looks at bytes in memory, before anything is written",
    "ResentCallbacks.resend_callback": "owes a callback, which the sweeper finds; see"
    " tests/integration/test_own_routes.py",
    "Results.describe": "reads what is served, and nothing follows from it",
    "Results.link": "signs a URL; nothing is written",
    "Results.read_range": "reads what is served, and nothing follows from it",
}
"""Calls around which a death leaves nothing half done, each with the reason."""

CALLS = sorted(
    f"{port}.{method}"
    for port, methods in ports_of().items()
    for method in methods
    if f"{port}.{method}" not in HARMLESS
)


def tell(world: World) -> None:
    """Tell a history that makes every call to a port."""
    world.add_account("acc_1", tokens=12)
    world.add_account("acc_2", tokens=3)
    everything = world.submission(
        "acc_1",
        upload(GAIN),
        link(GAIN),
        direct_upload(world, "acc_1", NONE),
        upload(OURS),
        upload(SLOW),
        callback=True,
        key="key-1",
    )
    world.submit(everything)
    world.submit(everything)
    direct_upload(world, "acc_2", GAIN)
    world.submit(world.submission("acc_2", upload(POISON)))
    world.pass_time(61)
    world.sweep()
    for _ in range(8):
        world.deliver(twice=True)
        world.pass_time(1)
    for _ in range(30):
        world.deliver()
        world.deliver_dead()
        world.pass_time(45)
    world.sweep()
    world.poster.refusals = 1
    for _ in range(4):
        world.deliver_callback()
        world.pass_time(61)
    world.submit(world.submission("acc_2", upload(GAIN), callback=True))
    world.drain()
    world.pass_time(DAY + 60)
    world.sweep()


def tell_of_a_deaf_client(world: World) -> None:
    """Tell a history in which no try delivers a callback."""
    world.expects_delivery = False
    world.add_account("acc_1", tokens=1)
    world.submit(world.submission("acc_1", link(GAIN), callback=True))
    for _ in range(20):
        world.poster.refusals = 1_000
        world.drain()
        world.sweep()
        world.pass_time(4_000)


def tell_of_a_client_that_sends_again(world: World) -> None:
    """Tell a history of images that are shrunk, sent again within a minute, and made anew."""
    world.add_account("acc_1", tokens=6)
    world.add_account("acc_2", tokens=-1, plan="unlimited")
    for account_id in ("acc_1", "acc_2"):
        for item in (upload(GAIN), upload(NONE), link(GAIN)):
            for _ in range(2):
                job = world.submit(world.shrink(account_id, item, key=f"shrink {item}"))
                world.pass_time(1)
            world.drain()
            if not isinstance(job, Job):
                continue
            for is_free in (False, True, True):
                key = f"output {item} {is_free}"
                world.submit(world.remake(job, is_free=is_free, key=key))
                world.drain()
    world.pass_time(61)
    world.sweep()


HISTORIES = {"CallbackQueue.bury_callback": tell_of_a_deaf_client}


def test_the_history_makes_every_call_to_a_port() -> None:
    world, deaf = World(Backend.in_memory), World(Backend.in_memory)
    tell(world)
    tell_of_a_deaf_client(deaf)
    assert world.faults.seen | deaf.faults.seen == set(CALLS)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", CALLS)
def test_a_death_at_a_call_loses_nothing(call: str, *, after: bool) -> None:
    world = World(Backend.in_memory)
    world.faults.arm(0, after=after, target=call)
    HISTORIES.get(call, tell)(world)
    assert world.faults.has_struck
    world.settle_down()
    world.check()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", [call for call in CALLS if call.startswith("Jobs.")])
@pytest.mark.parametrize("make", [ledger_in_dynamodb, spread_ledger_in_dynamodb])
def test_a_death_at_a_conditional_write_loses_nothing_in_dynamodb(
    make: Callable[[HandClock], Backend], call: str, dynamodb: None, *, after: bool
) -> None:
    world = World(make)
    world.faults.arm(0, after=after, target=call)
    tell(world)
    assert world.faults.has_struck
    world.settle_down()
    world.check()


SHRINK_CALLS = sorted(
    f"{port}.{method}"
    for port, methods in ports_of().items()
    for method in methods
    if port in {"Accounts", "Engine", "Fetcher", "ImageQueue", "Jobs", "Objects"}
    and f"{port}.{method}"
    not in {*HARMLESS, "ImageQueue.count_waiting", "Jobs.fail", "Objects.delete"}
)
"""The calls that shrinking makes; its history ends before any image is given up, and its sources
stay, as others may be made of them."""


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", SHRINK_CALLS)
def test_a_death_while_an_image_is_shrunk_or_made_anew_loses_nothing(
    call: str, *, after: bool
) -> None:
    # At the first, the third and the sixth such call: an upload's, a URL's, a remake's.
    for position in (0, 2, 5):
        die_while_shrinking(Backend.in_memory, call, position, after=after)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("call", ["Jobs.create", "Jobs.settle"])
def test_a_death_at_a_conditional_write_of_a_remake_loses_nothing_in_dynamodb(
    call: str, dynamodb: None, *, after: bool
) -> None:
    del dynamodb
    die_while_shrinking(ledger_in_dynamodb, call, 2, after=after)


def die_while_shrinking(
    backend: Callable[[HandClock], Backend], call: str, position: int, *, after: bool
) -> None:
    world = World(backend)
    world.faults.arm(position, after=after, target=call)
    tell_of_a_client_that_sends_again(world)
    assert world.faults.has_struck or position
    world.settle_down()
    world.check()


@pytest.mark.parametrize("call", ["ImageQueue.send", "CallbackQueue.send_callback"])
def test_a_queue_that_fails_is_healed_by_the_sweeper(call: str) -> None:
    world = World(Backend.in_memory)
    world.faults.arm(0, after=False, target=call, error=QueueFailedError)
    tell(world)
    assert world.faults.has_struck
    world.settle_down()
    world.check()


def test_a_submit_is_accepted_although_the_queue_fails() -> None:
    """The record stands, so the answer holds: it will be done."""
    world = World(Backend.in_memory)
    world.add_account("acc_1", tokens=1)
    world.faults.arm(0, after=False, target="ImageQueue.send", error=QueueFailedError)
    world.submit(world.submission("acc_1", upload(GAIN)))
    assert len(world.accepted) == 1
    world.pass_time(61)
    report = world.sweep()
    assert report is not None
    assert report.resent == 1
    world.deliver()
    (job,) = world.jobs()
    assert job.images[0].state is ImageState.DONE


def test_a_death_counts_as_one_and_is_no_exception() -> None:
    """`except Exception` must not live through it."""
    faults = Faults()
    faults.arm(1, after=False)
    faults.call("Jobs.read", lambda: None)
    with pytest.raises(BaseException) as death:  # noqa: PT011 - any but an Exception
        faults.call("Jobs.read", lambda: None)
    assert not isinstance(death.value, Exception)
