"""Test that a codec in a child process cannot hang or end its parent, nor take its memory."""

from __future__ import annotations

import os
import sys
import time

import pytest

from leanpix_engine import Limits, Reason, Refused
from leanpix_engine.deadline import Deadline
from leanpix_engine.formats import child
from leanpix_engine.formats.child import CodecFailed

PYTHON = [sys.executable, "-c"]


def test_bytes_go_in_and_come_out() -> None:
    echo = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])"
    assert child.run([*PYTHON, echo], b"abc" * 100_000, Limits(), Deadline(10)) == (
        b"cba" * 100_000
    )


def test_a_child_that_exits_is_a_failed_codec_with_its_last_words() -> None:
    with pytest.raises(CodecFailed, match="bad marker"):
        child.run([*PYTHON, "import sys; sys.exit('bad marker')"], b"", Limits(), Deadline(10))


def test_a_child_that_hangs_is_stopped_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(Refused) as refusal:
        child.run(
            [*PYTHON, "import time; time.sleep(60)"],
            b"",
            Limits(max_child_seconds=0.5),
            Deadline(10),
        )
    assert refusal.value.reason is Reason.TIMEOUT
    assert time.monotonic() - started < 5


@pytest.mark.skipif(sys.platform != "linux", reason="limits from outside need Linux' prlimit")
def test_a_child_that_takes_too_much_memory_fails() -> None:
    script = "import time; time.sleep(0.3); block = bytearray(900_000_000)"
    limits = Limits(max_memory_bytes=500_000_000)
    with pytest.raises(CodecFailed):
        child.run([*PYTHON, script], b"", limits, Deadline(10))


def test_a_child_does_not_inherit_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert "AWS_SECRET_ACCESS_KEY" in os.environ
    show = "import os; print(sorted(os.environ))"
    assert b"AWS" not in child.run([*PYTHON, show], b"", Limits(), Deadline(10))
