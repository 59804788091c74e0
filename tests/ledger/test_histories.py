"""Test random histories: no image is lost and no token goes astray.

Hypothesis draws submits, deliveries (some twice, some while another worker is at it), deaths of a
process before or after any call to a port, failing queues, jumps of the clock and sweeps. Then
time passes without faults, and everything must have ended and every sum be right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leanpix.services.ports import QueueFailedError
from tests.ledger.dynamodb import ledger_in_dynamodb, spread_ledger_in_dynamodb
from tests.ledger.fakes import KINDS
from tests.ledger.world import Backend, World, direct_upload, link, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix.domain.submission import Input
    from tests.ledger.fakes import HandClock

ACCOUNTS = ("acc_free", "acc_sold", "acc_unlimited")
SEQUENCES_IN_MEMORY = 2_000
SEQUENCES_IN_DYNAMODB = 50

kinds = st.sampled_from(KINDS)
accounts = st.sampled_from(ACCOUNTS)
keys = st.sampled_from([None, None, "key-1", "key-2"])
pauses = st.sampled_from([1, 30, 61, 121, 133, 600, 3_600, 43_200, 86_400, 32 * 86_400])
deaths = st.none() | st.tuples(st.integers(0, 12), st.booleans())


class Histories(RuleBasedStateMachine):
    """One random history over a ledger in memory."""

    make_backend: Callable[[HandClock], Backend] = staticmethod(Backend.in_memory)

    @initialize()
    def open_accounts(self) -> None:
        self.world = World(self.make_backend)
        self.world.add_account("acc_free", tokens=7)
        self.world.add_account("acc_sold", tokens=0)
        self.world.top_up("acc_sold", 4)
        self.world.add_account("acc_unlimited", tokens=-1, plan="unlimited")

    def arm(self, death: tuple[int, bool] | None) -> None:
        self.world.faults.disarm()
        if death:
            self.world.faults.arm(death[0], after=death[1])

    @rule(
        account=accounts,
        inputs=st.lists(st.tuples(st.sampled_from("ulds"), kinds), min_size=1, max_size=5),
        callback=st.booleans(),
        key=keys,
        death=deaths,
    )
    def submit(
        self,
        account: str,
        inputs: list[tuple[str, bytes]],
        callback: bool,  # noqa: FBT001 - drawn
        key: str | None,
        death: tuple[int, bool] | None,
    ) -> None:
        self.arm(death)
        items = [self.make_input(way, kind, account) for way, kind in inputs]
        self.world.submit(self.world.submission(account, *items, callback=callback, key=key))

    def make_input(self, way: str, kind: bytes, account: str) -> Input:
        if way == "d":
            return direct_upload(self.world, account, kind)
        return link(kind) if way == "l" else upload(kind)

    @rule(account=accounts, by_url=st.booleans(), kind=kinds, key=st.booleans(), death=deaths)
    def shrink(
        self,
        account: str,
        by_url: bool,  # noqa: FBT001 - drawn
        kind: bytes,
        key: bool,  # noqa: FBT001 - drawn
        death: tuple[int, bool] | None,
    ) -> None:
        self.arm(death)
        item = link(kind) if by_url else upload(kind)
        name = f"shrink {kind!r} {by_url}" if key else None
        self.world.submit(self.world.shrink(account, item, key=name))

    @precondition(lambda self: any(job.is_final for job in self.world.jobs()))
    @rule(position=st.integers(0, 9), is_free=st.booleans(), key=st.booleans(), death=deaths)
    def remake(
        self,
        position: int,
        is_free: bool,  # noqa: FBT001 - drawn
        key: bool,  # noqa: FBT001 - drawn
        death: tuple[int, bool] | None,
    ) -> None:
        ended = sorted(
            (job for job in self.world.jobs() if job.is_final), key=lambda job: job.created_at
        )
        job = ended[position % len(ended)]
        name = f"output {job.job_id} {is_free}" if key else None
        self.arm(death)
        self.world.submit(self.world.remake(job, is_free=is_free, key=name))

    @rule(death=st.booleans(), account=accounts, kind=kinds)
    def submit_while_the_queue_fails(self, death: bool, account: str, kind: bytes) -> None:  # noqa: FBT001 - drawn
        self.world.faults.arm(0, after=death, target="ImageQueue.send", error=QueueFailedError)
        self.world.submit(self.world.submission(account, upload(kind)))
        self.world.faults.disarm()

    @precondition(lambda self: self.world.images.visible())
    @rule(
        position=st.integers(0, 5),
        twice=st.booleans(),
        death=deaths,
        meanwhile=st.lists(st.sampled_from(["deliver", "sweep", "late", "dead"]), max_size=3),
    )
    def deliver(
        self,
        position: int,
        twice: bool,  # noqa: FBT001 - drawn
        death: tuple[int, bool] | None,
        meanwhile: list[str],
    ) -> None:
        world = self.world
        others: dict[str, Callable[[], object]] = {
            "deliver": world.deliver,
            "sweep": world.sweep,
            "dead": world.deliver_dead,
            "late": lambda: world.pass_time(140),
        }
        world.engine.meanwhile = [others[name] for name in meanwhile]
        self.arm(death)
        world.deliver(position, twice=twice)
        world.engine.meanwhile.clear()

    @precondition(lambda self: self.world.callbacks.visible())
    @rule(
        position=st.integers(0, 3),
        twice=st.booleans(),
        refusals=st.integers(0, 3),
        death=deaths,
    )
    def call_back(
        self,
        position: int,
        twice: bool,  # noqa: FBT001 - drawn
        refusals: int,
        death: tuple[int, bool] | None,
    ) -> None:
        self.world.poster.refusals = refusals
        self.arm(death)
        self.world.deliver_callback(position, twice=twice)

    @rule(death=deaths)
    def bury(self, death: tuple[int, bool] | None) -> None:
        self.arm(death)
        self.world.deliver_dead()

    @rule(death=deaths)
    def sweep(self, death: tuple[int, bool] | None) -> None:
        self.arm(death)
        self.world.sweep()

    @rule(seconds=pauses)
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @rule(account=st.sampled_from(["acc_free", "acc_sold"]), tokens=st.integers(1, 5))
    def sell(self, account: str, tokens: int) -> None:
        self.world.top_up(account, tokens)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.settle_down()
            self.world.check()


class HistoriesInDynamoDb(Histories):
    """The same over the adapters and moto's DynamoDB."""

    make_backend = staticmethod(ledger_in_dynamodb)


class SpreadHistoriesInDynamoDb(Histories):
    """The same, with charges, refunds and counts spread over several items."""

    make_backend = staticmethod(spread_ledger_in_dynamodb)


def run(machine: type[Histories], *, sequences: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_every_history_in_memory_ends_with_exact_sums(part: int) -> None:
    """2,000 of them, in four parts that run beside each other."""
    del part
    run(Histories, sequences=SEQUENCES_IN_MEMORY // 4, steps=25)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [HistoriesInDynamoDb, SpreadHistoriesInDynamoDb])
def test_every_history_in_dynamodb_ends_with_exact_sums(
    dynamodb: None, machine: type[Histories]
) -> None:
    """Fewer of them, over the real conditional writes."""
    del dynamodb
    run(machine, sequences=SEQUENCES_IN_DYNAMODB, steps=12)
