"""Test that the simulation behind docs/scale.md behaves as queues do."""

from __future__ import annotations

from pathlib import Path

from benchmarks.queue_model import MEAN_SERVICE_SECONDS, render_svg, simulate

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_limit_below_the_load_never_catches_up() -> None:
    needed = 1_000 / 60 * MEAN_SERVICE_SECONDS
    assert not simulate(1_000, int(needed * 0.6)).is_stable
    assert simulate(1_000, int(needed * 2)).is_stable


def test_more_at_once_wait_less() -> None:
    waits = [simulate(600, limit).p99_wait_seconds for limit in (15, 25, 60)]
    assert waits == sorted(waits, reverse=True)


def test_two_runs_of_a_seed_are_equal() -> None:
    assert simulate(100, 10, seed=3) == simulate(100, 10, seed=3)


def test_the_plot_in_the_documents_is_the_simulations() -> None:
    drawn = (ROOT / "docs" / "images" / "queue.svg").read_text(encoding="utf-8")
    assert drawn == render_svg()
