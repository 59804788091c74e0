"""Test that an image can end its own process, and nothing else."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil
import pytest

from leanpix_engine import Format, Limits, Options, Reason, Refused
from leanpix_engine.sandbox.client import EngineBroken, SandboxedOptimizer
from tests.images import make_photo_jpeg, make_portrait_png

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked")

PHOTO = make_photo_jpeg(width=160, height=120)
SLOW_PHOTO = make_photo_jpeg(width=2400, height=1600)


@pytest.fixture(scope="module")
def optimizer() -> Iterator[SandboxedOptimizer]:
    built = SandboxedOptimizer()
    yield built
    built.close()


def serves_a_good_image(optimizer: SandboxedOptimizer) -> bool:
    """Return whether the next image is served."""
    result = optimizer.optimize(PHOTO)
    return result.output is not None and len(result.output.data) < len(PHOTO)


def working_child(server: int) -> psutil.Process:
    """Return the process that works on an image, as soon as it has begun."""
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        for child in psutil.Process(server).children():
            if child.memory_info().rss > 45_000_000:
                return child
        time.sleep(0.005)
    raise AssertionError


def refusal_after(optimizer: SandboxedOptimizer, number: int, max_seconds: float) -> Refused:
    """Return the answer for an image whose process gets a signal while it works."""
    with ThreadPoolExecutor(1) as pool:
        work = pool.submit(
            optimizer.optimize, SLOW_PHOTO, Options(), Limits(max_seconds=max_seconds)
        )
        working_child(optimizer.process_id).send_signal(number)
        error = work.exception(timeout=60)
    assert isinstance(error, Refused)
    return error


def test_the_result_is_that_of_the_engine_itself(optimizer: SandboxedOptimizer) -> None:
    portrait = make_portrait_png()
    result = optimizer.optimize(portrait, Options(also=(Format.WEBP,)))
    assert result.output
    assert result.output.data.startswith(b"\x89PNG")
    assert result.also[0].data[8:12] == b"WEBP"
    assert (result.width, result.height, result.original_size) == (256, 256, len(portrait))
    assert 0 < optimizer.usage.peak_bytes < 500_000_000


def test_a_refusal_carries_its_reason_and_text(optimizer: SandboxedOptimizer) -> None:
    with pytest.raises(Refused) as refused:
        optimizer.optimize(b"no image")
    assert refused.value.reason is Reason.UNSUPPORTED_FORMAT
    assert "supported format" in refused.value.text


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGBUS])
def test_a_crash_ends_one_image(optimizer: SandboxedOptimizer, number: signal.Signals) -> None:
    """As a flaw in a decoder, or the kernel for want of memory, would end it."""
    server = optimizer.process_id
    assert refusal_after(optimizer, number, 40).reason is Reason.UNSAFE_CONTENT
    assert optimizer.usage.signal == number
    assert serves_a_good_image(optimizer)
    assert optimizer.process_id == server


def test_a_hang_ends_with_its_time(optimizer: SandboxedOptimizer) -> None:
    """Stopped, the process does not even get the chance to look at a clock."""
    started = time.monotonic()
    assert refusal_after(optimizer, signal.SIGSTOP, 2).reason is Reason.TIMEOUT
    assert time.monotonic() - started < 8
    assert serves_a_good_image(optimizer)


def test_memory_is_bounded(optimizer: SandboxedOptimizer) -> None:
    limits = Limits(max_process_bytes=170_000_000)
    with pytest.raises(Refused):
        optimizer.optimize(SLOW_PHOTO, Options(), limits)
    assert optimizer.usage.peak_bytes < 170_000_000
    assert serves_a_good_image(optimizer)


def test_no_process_is_left_behind(optimizer: SandboxedOptimizer) -> None:
    refusal_after(optimizer, signal.SIGKILL, 40)
    assert psutil.Process(optimizer.process_id).children(recursive=True) == []


def test_an_end_of_the_fork_server_itself_is_healed(optimizer: SandboxedOptimizer) -> None:
    psutil.Process(optimizer.process_id).kill()
    assert serves_a_good_image(optimizer)


OWNER = """
import sys
from leanpix_engine.sandbox.client import SandboxedOptimizer
optimizer = SandboxedOptimizer()
print(optimizer.process_id, flush=True)
optimizer.optimize(sys.stdin.buffer.read())
"""


def test_processes_end_with_their_owner() -> None:
    """Even one that is killed in the midst of an image."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdin
        assert owner.stdout
        server = psutil.Process(int(owner.stdout.readline()))
        owner.stdin.write(SLOW_PHOTO)
        owner.stdin.close()
        child = working_child(server.pid)
        owner.kill()
    gone, alive = psutil.wait_procs([server, child], timeout=10)
    assert len(gone) == 2, alive


def test_no_secret_is_in_the_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A decoder that was taken over finds no credential of the function in its environment."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "hunter2")
    own = SandboxedOptimizer()
    assert serves_a_good_image(own)
    assert "hunter2" not in str(psutil.Process(own.process_id).environ())
    own.close()


def test_no_connection_of_the_caller_is_in_the_processes(optimizer: SandboxedOptimizer) -> None:
    assert serves_a_good_image(optimizer)
    assert psutil.Process(optimizer.process_id).net_connections(kind="inet") == []


def test_an_engine_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    own = SandboxedOptimizer()
    with pytest.raises(EngineBroken):
        own.optimize(PHOTO)
    own.close()
