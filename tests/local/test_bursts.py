"""Test that many calls at once are answered by few processes of the local cloud."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from leanpix.deployed_stack import DeployedStack
from leanpix_cli.local_setup import create_local_account, find_photo
from leanpix_local.cloud import LocalCloud
from leanpix_local.http import post
from leanpix_local.paths import EMULATOR_PYTHON, ROOT

CALLS = 64
TOKENS = 500
MOST_CPU_SECONDS = 20.0
"""Of 10 s on two cores. Counted as CPU time, which other programs that run meanwhile do not
lengthen as they do the time on the wall."""

# Runs with the emulator's Python: each call leases a process and gives it back when it is done.
PROGRAM = """
import json, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, sys.argv[1])
from leanpix_local import workers
from ministack.core import lambda_runtime

class Process:
    started = 0

    def __init__(self, name, config, code):
        Process.started += 1
        self.func_name, self.config, self.in_use, self._cold = name, config, False, False

lambda_runtime._worker_class_for = lambda config: Process
workers.PATIENCE_SECONDS = 0.2
lambda_runtime._worker_key = lambda name, config, qualifier: name

def lease(name, hold):
    worker, _ = workers.lease_worker(name, {}, b"")
    hold()
    workers.release_worker(worker)

def started_for(name, calls, hold):
    Process.started = 0
    with ThreadPoolExecutor(calls) as pool:
        list(pool.map(lambda _: lease(name, hold), range(calls)))
    return Process.started

all_at_once = threading.Barrier(24, timeout=20)
print(json.dumps({
    "short": started_for("short", 64, lambda: time.sleep(0.01)),
    "held": started_for("held", 24, all_at_once.wait),
}))
"""


@pytest.fixture(scope="module")
def started() -> dict[str, int]:
    """Return how many processes short calls and held ones made the emulator start."""
    done = subprocess.run(
        [str(EMULATOR_PYTHON), "-I", "-c", PROGRAM, str(ROOT)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def test_short_calls_wait_for_a_few_processes(started: dict[str, int]) -> None:
    assert started["short"] == 4


def test_calls_that_are_held_get_a_process_each(started: dict[str, int]) -> None:
    assert started["held"] == 24


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and all that it started, ended or not."""
    total = 0.0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        times = process.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


@pytest.mark.slow
def test_a_burst_onto_a_cold_cloud_is_accepted_whole_and_charged_once() -> None:
    photo = find_photo("rocket.jpg").read_bytes()
    with LocalCloud() as cloud:
        account = create_local_account(cloud, tokens=TOKENS, plan="free")

        def submit(number: int) -> int:
            return post(
                f"{cloud.url}/v1/optimize",
                fields={"type": "file", "file": (f"{number}.jpg", photo)},
                headers={"X-API-KEY": account.api_key},
            ).status

        before = cpu_seconds(cloud.emulator_pid)
        with ThreadPoolExecutor(CALLS) as pool:
            statuses = Counter(pool.map(submit, range(CALLS)))
        spent = cpu_seconds(cloud.emulator_pid) - before
        stack = DeployedStack(cloud.client, cloud.outputs)
        left = stack.administration().show_account(account.account_id).tokens
    assert statuses == {202: CALLS}
    assert left == TOKENS - CALLS
    assert spent < MOST_CPU_SECONDS
