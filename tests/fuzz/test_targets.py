"""Test every fuzz target on its seeds and on Hypothesis's variations, in little time."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, Target

EXAMPLES = 150
SMOKE_SECONDS = 4
targets = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)


def bent(target: Target) -> st.SearchStrategy[bytes]:
    """Make inputs of a target's seeds: cut, spliced with its words, and overwritten."""
    seeds = st.sampled_from(sorted(target.seeds()))
    pieces = st.one_of(st.binary(max_size=12), st.sampled_from(target.words or (b"",)))

    def bend(seed: bytes, at: float, piece: bytes, drop: int, end: float) -> bytes:
        place = int(at * len(seed))
        changed = seed[:place] + piece + seed[place + drop :]
        return changed[: max(1, int(end * len(changed)))]

    share = st.floats(0, 1)
    ends = st.one_of(st.just(1.0), share)
    return st.builds(bend, seeds, share, pieces, st.integers(0, 40), ends)


@targets
def test_its_seeds(target: Target) -> None:
    for seed in target.seeds():
        target.run(seed)


@targets
def test_what_becomes_of_its_seeds(target: Target) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=2_000,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(bent(target), st.binary(max_size=200)))
    def run(data: bytes) -> None:
        target.run(data)

    run()


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris, the dependency group `fuzz`, is not installed",
)
@pytest.mark.parametrize("name", TARGETS)
def test_a_short_run_of_the_fuzzer(name: str) -> None:
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), *(path for path in sys.path if path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.run", name, str(SMOKE_SECONDS)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
