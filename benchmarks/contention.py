"""Simulate transactions on one account: how many give up, and how long the others take.

    .venv/bin/python -m benchmarks.contention

The model. N optimizers work for one account without a pause. Each takes a log-normal time for an
image (that of benchmarks/queue_model.py) and then settles it; three images of ten gain nothing and
are refunded. As many images are submitted as are settled, in jobs of one to five, by as many
submit functions as the rate needs. Every write is a transaction that holds its items for 10 to
20 ms. DynamoDB's rule is taken at its word: "When one transaction contains an item that is
involved in another ongoing transaction, the request fails with TransactionCanceledException"
("Transaction conflict handling in DynamoDB", Developer Guide). Whoever is cancelled waits and
tries again by the service's own constants and classes (leanpix.adapters.dynamodb.transactions).

`before`: one item counts an account's month, and charges and refunds go to the account's item.
`after`: counts, refunds and charges are spread by `Spread`, and purses are loaded from the
account's item. Every process begins with its spread at one, as a new process does.
"""

from __future__ import annotations

# ruff: noqa: S311 - chance is no secret in a simulation
import argparse
import heapq
import itertools
import math
import random
import sys
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Final

from benchmarks.queue_model import MEAN_SERVICE_SECONDS, SERVICE_SIGMA
from leanpix.adapters.dynamodb.transactions import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MAX_TRIES,
    Spread,
)

OPTIMIZERS: Final = (10, 50, 200, 1_000)
REFUNDED_SHARE: Final = 0.3
HELD_SECONDS: Final = (0.010, 0.020)
JOB_SIZES: Final = ((1, 2, 3, 4, 5), (70, 12, 8, 5, 5))
SUBMIT_SECONDS: Final = 0.15
PURSE_TOKENS: Final = 1_000
SIMULATED_SECONDS: Final = 30.0
LEFT_OUT_SECONDS: Final = 1.0
"""The time of a start that no burst has: all optimizers begin in one instant."""

Step = Generator[float, None, None]
"""A process: it yields for how long it does nothing that others notice."""


@dataclass(slots=True)
class Tally:
    """The outcome of one kind of write."""

    seconds: list[float] = field(default_factory=list)
    given_up: int = 0
    tries: int = 0

    @property
    def writes(self) -> int:
        """The number of writes, those given up included."""
        return len(self.seconds) + self.given_up

    @property
    def given_up_percent(self) -> float:
        """The share that was given up."""
        return 100 * self.given_up / max(1, self.writes)

    def milliseconds(self, share: float) -> float:
        """Return the time within which a share of the writes is done."""
        ordered = sorted(self.seconds) or [math.nan]
        return 1_000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Simulation:
    """One account, its items, and whoever writes to them."""

    def __init__(self, optimizers: int, *, is_spread: bool, seed: int = 1) -> None:
        """Prepare; the seed is also that of the service's own jitter and spread."""
        random.seed(seed)
        self._is_spread = is_spread
        self._now = 0.0
        self._held_until: dict[str, float] = {}
        self._purses: dict[int, int] = {}
        self._agenda: list[tuple[float, int, Step]] = []
        self._order = itertools.count()
        self.settles, self.submits = Tally(), Tally()
        images_a_second = optimizers / MEAN_SERVICE_SECONDS
        mean_job = sum(map(math.prod, zip(*JOB_SIZES, strict=True))) / sum(JOB_SIZES[1])
        self._submits_a_second = images_a_second / mean_job
        self._submitters = max(1, math.ceil(self._submits_a_second * SUBMIT_SECONDS))
        for _ in range(optimizers):
            self._begin(self._optimize(Spread()), random.uniform(0, MEAN_SERVICE_SECONDS))
        for _ in range(self._submitters):
            self._begin(self._submit(Spread()), random.uniform(0, SUBMIT_SECONDS))

    def run(self) -> Simulation:
        """Play the simulated time."""
        while self._agenda and self._agenda[0][0] < SIMULATED_SECONDS:
            self._now, _, step = heapq.heappop(self._agenda)
            self._begin(step, next(step))
        return self

    def _begin(self, step: Step, after: float) -> None:
        heapq.heappush(self._agenda, (self._now + after, next(self._order), step))

    def _optimize(self, spread: Spread) -> Step:
        mu = math.log(MEAN_SERVICE_SECONDS) - SERVICE_SIGMA**2 / 2
        while True:
            yield random.lognormvariate(mu, SERVICE_SIGMA)
            is_refunded = random.random() < REFUNDED_SHARE
            yield from self._write(self.settles, spread, self._ending, is_refunded)

    def _submit(self, spread: Spread) -> Step:
        pause = self._submitters / self._submits_a_second
        while True:
            yield random.expovariate(1 / pause)
            images = random.choices(*JOB_SIZES)[0]
            yield from self._write(self.submits, spread, self._charge, images)

    def _ending(self, number: int, is_refunded: int) -> list[str]:
        if not self._is_spread:
            return ["usage", *(["account"] if is_refunded else [])]
        return [f"usage#{number}", *([f"purse#{number}"] if is_refunded else [])]

    def _charge(self, number: int, images: int) -> list[str]:
        if not self._is_spread or not number:
            return ["account"]
        if self._purses.get(number, 0) < images:
            self._purses[number] = PURSE_TOKENS - images
            return ["account", f"purse#{number}"]  # two writes: the purse is loaded, then charged
        self._purses[number] -= images
        return [f"purse#{number}"]

    def _write(
        self,
        tally: Tally,
        spread: Spread,
        items_of: Callable[[int, int], list[str]],
        argument: int,
    ) -> Step:
        began = self._now
        is_counted = began > LEFT_OUT_SECONDS
        for attempt in range(MAX_TRIES):
            items = items_of(spread.pick(), argument)
            tally.tries += is_counted
            takes = random.uniform(*HELD_SECONDS) * (2 if "account" in items[:-1] else 1)
            if self._hold(items, takes):
                spread.narrow()
                yield takes
                if is_counted:
                    tally.seconds.append(self._now - began)
                return
            spread.widen()
            pause = min(FIRST_PAUSE_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS)
            yield takes / 2 + random.uniform(0, pause)
        tally.given_up += is_counted

    def _hold(self, items: Iterable[str], seconds: float) -> bool:
        """Take the items for so long, or none of them where one is taken."""
        if any(self._held_until.get(item, 0.0) > self._now for item in items):
            return False
        for item in items:
            self._held_until[item] = self._now + seconds
        return True


def render_table() -> str:
    """Return the table of docs/scale.md."""
    head = ("optimizers", "form", "settles/s", "given up", "p50 ms", "p99 ms", "tries a write")
    lines = [
        f"| {' | '.join((*head, 'submits/s', 'given up', 'p99 ms'))} |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for optimizers in OPTIMIZERS:
        for form, is_spread in (("before", False), ("after", True)):
            run = Simulation(optimizers, is_spread=is_spread).run()
            settles, submits = run.settles, run.submits
            counted = SIMULATED_SECONDS - LEFT_OUT_SECONDS
            lines.append(
                f"| {optimizers:,} | {form} | {len(settles.seconds) / counted:,.0f}"
                f" | {settles.given_up_percent:.2f} % | {settles.milliseconds(0.5):.0f}"
                f" | {settles.milliseconds(0.99):,.0f}"
                f" | {settles.tries / max(1, settles.writes):.2f}"
                f" | {len(submits.seconds) / counted:,.0f} | {submits.given_up_percent:.2f} %"
                f" | {submits.milliseconds(0.99):,.0f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table."""
    argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0]).parse_args()
    print(render_table(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
