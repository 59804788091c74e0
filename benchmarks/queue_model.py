"""Simulate the queue: waiting times at a rate of images and a concurrency limit.

    .venv/bin/python -m benchmarks.queue_model [--svg docs/images/queue.svg]

Images arrive in bursts (jobs of one to five, and minutes that are three times as busy as the
rest), wait in SQS, and are taken by at most as many optimizers as may run. Lambda's SQS poller
begins with five and starts up to 300 more a minute ("Configuring scaling behavior for SQS event
source mappings") for each mapping, which ends at 1,000: above that there are several queues. An
optimizer that was not running starts cold. Service times are log-normal around what
benchmarks/sizing.py measured for a 2 MP JPEG at level medium. docs/scale.md says what follows
from it.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from leanpix_cli.cost_model import OPTIMIZER_EXTRA_SECONDS, SECONDS_PER_MEGAPIXEL

MINUTE: Final = 60.0
MEGAPIXELS: Final = 2.0
MEAN_SERVICE_SECONDS: Final = (
    MEGAPIXELS * SECONDS_PER_MEGAPIXEL["jpg", "medium"] + OPTIMIZER_EXTRA_SECONDS
)
SERVICE_SIGMA: Final = 0.5
COLD_START_SECONDS: Final = 1.5
KEPT_WARM_SECONDS: Final = 300.0
FIRST_POLLERS: Final = 5
POLLERS_PER_MINUTE: Final = 300.0
MOST_A_QUEUE: Final = 1_000
"""The highest maximum concurrency of an event source mapping."""
BUSY_EVERY: Final = 5
BUSY_FACTOR: Final = 3.0
MANY: Final = 100_000
CASES: Final = (
    (10, 2),
    (10, 10),
    (1_000, 10),
    (1_000, 20),
    (1_000, 50),
    (10_000, 250),
    (10_000, 500),
    (100_000, 1_000),
    (100_000, 4_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a run."""

    images: int
    median_wait_seconds: float
    p99_wait_seconds: float
    longest_wait_seconds: float
    utilization: float
    cold_share: float
    is_stable: bool
    """Whether the last images waited no longer than those in the middle did, about."""
    waits: tuple[tuple[float, float], ...]
    """When an image came, and how long it waited; a sample."""


def simulate(
    images_per_minute: float, concurrency: int, *, minutes: float = 20, seed: int = 1
) -> Outcome:
    """Play some minutes of arrivals through the queue."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    queues = math.ceil(concurrency / MOST_A_QUEUE)
    arrivals = _arrivals(images_per_minute, minutes, chance)
    free: list[float] = []
    """When each optimizer that has run becomes free, soonest first."""
    waits: list[float] = []
    busy_seconds = 0.0
    cold = 0
    mu = math.log(MEAN_SERVICE_SECONDS) - SERVICE_SIGMA**2 / 2
    for came in arrivals:
        ramp = FIRST_POLLERS + POLLERS_PER_MINUTE * came / MINUTE
        allowed = min(concurrency, queues * ramp)
        is_new = not free or (free[0] > came and len(free) < allowed)
        if is_new:
            starts, was_free = came, -math.inf
        else:
            was_free = heapq.heappop(free)
            starts = max(came, was_free)
        is_cold = starts - was_free > KEPT_WARM_SECONDS
        service = chance.lognormvariate(mu, SERVICE_SIGMA) + COLD_START_SECONDS * is_cold
        heapq.heappush(free, starts + service)
        waits.append(starts - came)
        busy_seconds += service
        cold += is_cold
    ordered = sorted(waits)
    third = len(waits) // 3
    middle, last = _mean(waits[third : 2 * third]), _mean(waits[2 * third :])
    step = max(1, len(waits) // 400)
    return Outcome(
        images=len(waits),
        median_wait_seconds=ordered[len(ordered) // 2],
        p99_wait_seconds=ordered[int(len(ordered) * 0.99)],
        longest_wait_seconds=ordered[-1],
        utilization=min(1.0, busy_seconds / (concurrency * minutes * MINUTE)),
        cold_share=cold / len(waits),
        # More work than time: it falls behind even where the ramp's backlog still hides it.
        is_stable=last < 1.5 * middle + 5 and busy_seconds < concurrency * minutes * MINUTE,
        waits=tuple(zip(arrivals[::step], waits[::step], strict=True)),
    )


def _arrivals(images_per_minute: float, minutes: float, chance: random.Random) -> list[float]:
    """Return when images come: jobs of one to five, every fifth minute three times as busy."""
    quiet = images_per_minute * BUSY_EVERY / (BUSY_EVERY - 1 + BUSY_FACTOR)
    found: list[float] = []
    now = 0.0
    while True:
        is_busy = int(now / MINUTE) % BUSY_EVERY == BUSY_EVERY - 1
        rate = quiet * (BUSY_FACTOR if is_busy else 1.0)
        images = chance.choices((1, 2, 3, 4, 5), (70, 12, 8, 5, 5))[0]
        now += chance.expovariate(rate / MINUTE) * images
        if now >= minutes * MINUTE:
            return found
        found += [now] * images


def _mean(values: list[float]) -> float:
    return sum(values) / max(1, len(values))


def render_table() -> str:
    """Return the table of docs/scale.md."""
    lines = [
        "| images/minute | at once | busy | median wait s | p99 wait s | longest | keeps up |",
        "|---:|---:|---:|---:|---:|---:|---|",
    ]
    for rate, concurrency in CASES:
        run = simulate(rate, concurrency, minutes=20 if rate < MANY else 10)
        lines.append(
            f"| {rate:,} | {concurrency:,} | {run.utilization:.0%} | {run.median_wait_seconds:.1f}"
            f" | {run.p99_wait_seconds:.1f} | {run.longest_wait_seconds:.0f} |"
            f" {'yes' if run.is_stable else 'no'} |"
        )
    return "\n".join(lines) + "\n"


_FONT: Final = 'font-family="sans-serif" font-size="12"'
_TITLE: Final = "Seconds that an image waits, 1,000 images a minute in bursts"


def render_svg() -> str:
    """Return a plot of waits over time at 1,000 images a minute, by concurrency limit."""
    width, height, left, bottom = 720, 320, 60, 40
    runs = [(limit, simulate(1_000, limit)) for limit in (15, 20, 50)]
    longest = max(run.longest_wait_seconds for _, run in runs) or 1.0
    colours = ("#c0392b", "#e08e0b", "#2471a3")

    def place(time: float, wait: float) -> str:
        x = left + time / (20 * MINUTE) * (width - left - 20)
        y = height - bottom - wait / longest * (height - bottom - 30)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {_FONT}>',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{left}" y="18">{_TITLE}</text>',
        f'<path d="M{left} 30V{height - bottom}H{width - 20}" fill="none" stroke="#555"/>',
        f'<text x="{left - 8}" y="36" text-anchor="end">{longest:.0f}</text>',
        f'<text x="{left - 8}" y="{height - bottom}" text-anchor="end">0</text>',
        f'<text x="{width - 20}" y="{height - 12}" text-anchor="end">20 minutes</text>',
    ]
    for index, (colour, (limit, run)) in enumerate(zip(colours, runs, strict=True)):
        points = " ".join(place(time, wait) for time, wait in run.waits)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        label = f"max_concurrency {limit}"
        height_of_label = 52 + 16 * index
        parts.append(f'<text x="{left + 12}" y="{height_of_label}" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def main() -> int:
    """Print the table, and draw where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--svg", type=Path)
    arguments = parser.parse_args()
    print(render_table(), end="")
    if arguments.svg:
        arguments.svg.parent.mkdir(parents=True, exist_ok=True)
        arguments.svg.write_text(render_svg(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
